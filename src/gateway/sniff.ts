import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type ClientHello, parseClientHello } from "./client_hello.ts";

/** What a connection's first bytes say it is. */
export type Protocol =
  | { kind: "tls"; hello: ClientHello }
  | { kind: "http" }
  | { kind: "ssh" }
  /** Nothing we understand. */
  | { kind: "unknown"; problem: string };

/** What came of waiting for them. */
export type Sniffed =
  | Protocol
  /** Too few bytes within the time. */
  | { kind: "timeout" }
  /** The peer left before it said enough. */
  | { kind: "gone" };

/** Time a client has to say what it speaks, in milliseconds. */
export const SNIFF_DEADLINE_MS = 5000;

const TLS_HANDSHAKE = 22;
const SSH_BANNER = "SSH-";
/** The longest method Node's parser knows is `UNSUBSCRIBE`. */
const HTTP_METHOD = /^[A-Z-]{1,16} /;
const HTTP_METHOD_START = /^[A-Z-]{1,16}$/;
/** HTTP/2 without TLS: `PRI * HTTP/2.0`. */
const HTTP2_PREFACE = "PRI ";

/** Tells the protocol from the first bytes; `incomplete` until `needed` bytes are there. */
export function classifyStart(bytes: Buffer): Protocol | { kind: "incomplete"; needed: number } {
  if (bytes.length === 0) return { kind: "incomplete", needed: 1 };
  if (bytes[0] === TLS_HANDSHAKE) {
    const parsed = parseClientHello(bytes);
    switch (parsed.kind) {
      case "incomplete":
        return parsed;
      case "hello":
        return { kind: "tls", hello: parsed.hello };
      case "malformed":
        return { kind: "unknown", problem: parsed.problem };
      default:
        return parsed satisfies never;
    }
  }
  const text = bytes.toString("latin1", 0, 20);
  const next = { kind: "incomplete", needed: bytes.length + 1 } as const;
  if (text.startsWith(SSH_BANNER)) return { kind: "ssh" };
  if (SSH_BANNER.startsWith(text)) return next;
  if (text.startsWith(HTTP2_PREFACE)) {
    return { kind: "unknown", problem: "HTTP/2 without TLS" };
  }
  if (HTTP_METHOD.test(text)) return { kind: "http" };
  if (HTTP_METHOD_START.test(text)) return next;
  return { kind: "unknown", problem: "neither TLS nor HTTP" };
}

/**
 * Waits until a connection says what it speaks, and leaves every byte unread for whoever takes it.
 * The socket is not flowing afterwards, and must not be resumed before it has a reader: bytes would
 * be lost, and a TLS server put on it would wait for ever.
 */
export function sniff(socket: Socket, options: { deadlineMs: number }): Promise<Sniffed> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let needed = 1;
    const finish = (result: Sniffed) => {
      clearTimeout(timer);
      socket.off("readable", onReadable).off("end", onGone).off("close", onGone);
      if (length > 0 && !socket.readableEnded) socket.unshift(Buffer.concat(chunks));
      resolve(result);
    };
    const onGone = () => finish({ kind: "gone" });
    const onReadable = () => {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
        chunks.push(chunk);
        length += chunk.length;
      }
      if (length < needed) return;
      const start = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      chunks.splice(0, chunks.length, start);
      const result = classifyStart(start);
      if (result.kind === "incomplete") needed = result.needed;
      else finish(result);
    };
    const timer = setTimeout(() => finish({ kind: "timeout" }), options.deadlineMs);
    socket.on("readable", onReadable).on("end", onGone).on("close", onGone);
  });
}
