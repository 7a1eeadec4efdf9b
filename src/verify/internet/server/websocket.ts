/** A WebSocket that sends every text back, and its request's Authorization when asked for `auth`. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import type { Event, Seen } from "../types.ts";
import { headerOf } from "./reply.ts";

/** The fixed part of the handshake, RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** Answers the handshake and serves the frames. Fragments are not understood: each is a message. */
export function serveWebSocket(
  socket: Socket,
  options: { seen: Seen; head: Buffer; log(event: Event): void },
): void {
  const { seen, log } = options;
  const key = headerOf(seen, "sec-websocket-key") ?? "";
  const accept = createHash("sha1").update(key + GUID).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
      `sec-websocket-accept: ${accept}\r\n\r\n`,
  );
  let held: Buffer = options.head;
  const take = () => {
    for (let frame = parseFrame(held); frame !== undefined; frame = parseFrame(held)) {
      held = held.subarray(frame.end);
      const text = frame.payload.toString();
      if (frame.opcode === OPCODE.close) return void socket.end(formatFrame(OPCODE.close, ""));
      if (frame.opcode === OPCODE.ping) socket.write(formatFrame(OPCODE.pong, text));
      if (frame.opcode !== OPCODE.text) continue;
      log({ kind: "frame", request: seen.request, text });
      const answer = text === "auth" ? headerOf(seen, "authorization") ?? "" : text;
      socket.write(formatFrame(OPCODE.text, answer));
    }
  };
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    take();
  });
  take();
}

function parseFrame(
  bytes: Buffer,
): { opcode: number; payload: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 127;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start + 4) return undefined;
  const length = short < 126
    ? short
    : short === 126
    ? bytes.readUInt16BE(2)
    : Number(bytes.readBigUInt64BE(2));
  const end = start + 4 + length;
  if (bytes.length < end) return undefined;
  const mask = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, end));
  for (let at = 0; at < payload.length; at++) payload[at]! ^= mask[at % 4]!;
  return { opcode: bytes[0]! & 15, payload, end };
}

function formatFrame(opcode: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126
    ? Buffer.of(0x80 | opcode, payload.length)
    : Buffer.of(0x80 | opcode, 126, payload.length >> 8, payload.length & 255);
  return Buffer.concat([head, payload]);
}
