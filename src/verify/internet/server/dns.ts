/** The recording name server: it knows every name, and notes who asked for it. */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import type { Socket } from "node:net";
import type { Event, Script, ServerSettings } from "../types.ts";

const TYPE = { a: 1, aaaa: 28 } as const;

export type NameServer = {
  script(name: string, script: Script): void;
  /** Serves one TCP connection. */
  serve(socket: Socket): void;
};

/** Starts it on UDP; TCP connections are handed over by whoever accepts them. */
export async function startNameServer(
  settings: ServerSettings,
  log: (event: Event) => void,
): Promise<NameServer> {
  const scripts = new Map<string, { script: Script; asked: number }>();
  const answer = (message: Buffer, from: { transport: "udp" | "tcp"; address: string }) => {
    const question = parseQuestion(message);
    if (question === undefined) return undefined;
    const { name, type } = question;
    log({ kind: "dns", name, type, transport: from.transport, from: from.address });
    const scripted = scripts.get(name);
    if (type === TYPE.aaaa && scripted === undefined) {
      return format(message, question, { records: [packIpv6(settings.ipv6)], ttl: 60 });
    }
    if (type !== TYPE.a) return format(message, question, { records: [], ttl: 60 });
    if (scripted === undefined) {
      const { echo, decoy } = settings.addresses;
      const address = settings.names.some((pattern) => isMatch(pattern, name)) ? echo : decoy;
      return format(message, question, { records: [packIpv4(address)], ttl: 60 });
    }
    const { answers, ttl = 0, rcode = 0 } = scripted.script;
    const list = answers[Math.min(scripted.asked++, answers.length - 1)] ?? [];
    return format(message, question, { records: list.map(packIpv4), ttl, rcode });
  };
  const udp = createSocket("udp4");
  udp.on("message", (message, { address, port }) => {
    const response = answer(message, { transport: "udp", address });
    if (response !== undefined) udp.send(response, port, address);
  });
  await new Promise<void>((resolve) => udp.bind(53, settings.addresses.dns, resolve));
  return {
    script: (name, script) => void scripts.set(name, { script, asked: 0 }),
    serve(socket) {
      let held = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        held = Buffer.concat([held, chunk]);
        while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
          const end = 2 + held.readUInt16BE(0);
          const response = answer(held.subarray(2, end), {
            transport: "tcp",
            address: socket.remoteAddress ?? "",
          });
          held = held.subarray(end);
          if (response === undefined) continue;
          socket.write(Buffer.concat([packUInt16(response.length), response]));
        }
      });
    },
  };
}

/** Whether a name is meant: `*.zone` is everything below the zone. */
export function isMatch(pattern: string, name: string): boolean {
  return pattern.startsWith("*.") ? name.endsWith(pattern.slice(1)) : name === pattern;
}

type Question = { name: string; type: number; end: number };

function parseQuestion(message: Buffer): Question | undefined {
  if (message.length < 17 || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63 || at + length + 5 > message.length) return undefined;
    if (length === 0) break;
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return {
    name: labels.join(".").toLowerCase(),
    type: message.readUInt16BE(at + 1),
    end: at + 5,
  };
}

function format(
  message: Buffer,
  question: Question,
  answer: { records: Buffer[]; ttl: number; rcode?: number },
): Buffer {
  const { records, ttl, rcode = 0 } = answer;
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8580 | rcode, 2); // An authoritative answer; recursion as asked for.
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const answers = records.flatMap((data) => {
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc00c, 0); // The name of the question.
    fixed.writeUInt16BE(data.length === 4 ? TYPE.a : TYPE.aaaa, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt32BE(ttl, 6);
    fixed.writeUInt16BE(data.length, 10);
    return [fixed, data];
  });
  return Buffer.concat([header, message.subarray(12, question.end), ...answers]);
}

function packUInt16(value: number): Buffer {
  const packed = Buffer.alloc(2);
  packed.writeUInt16BE(value);
  return packed;
}

function packIpv4(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

/** Only the forms the tests use: at most one `::`, no dots. */
function packIpv6(address: string): Buffer {
  const [head = "", tail = ""] = address.split("::");
  const [left, right] = [head, tail].map((part) => part.split(":").filter(Boolean)) as [
    string[],
    string[],
  ];
  const zeros = Array(8 - left.length - right.length).fill("0");
  return Buffer.concat(
    [...left, ...zeros, ...right].map((group) => packUInt16(Number.parseInt(group, 16))),
  );
}
