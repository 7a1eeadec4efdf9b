import { Buffer } from "node:buffer";
import { formatDnsReply, parseDnsQuery } from "../../src/gateway/dns_message.ts";
import { parseClientHello } from "../../src/gateway/client_hello.ts";
import { classifyStart } from "../../src/gateway/sniff.ts";
import { parseHost } from "../../src/policy/host.ts";
import { bytesOf } from "./bytes.ts";
import { DNS_MATERIAL, makeQuery } from "./seeds/dns.ts";
import { proxyMaterial } from "./seeds/http1.ts";
import { makeHello, TLS_MATERIAL } from "./seeds/tls.ts";
import { expect, type Target } from "./target.ts";

/** EDNS and one address: all that a reply may be longer than its query. */
const MOST_ADDED_BYTES = 11 + 16;

/** Readers of what an agent says first: to the name server, and on a connection. */
export const HELLO_READERS: readonly Target[] = [
  {
    name: "dns/query",
    material: DNS_MATERIAL,
    make: makeQuery,
    read(bytes) {
      const parsed = parseDnsQuery(Buffer.from(bytes));
      if (parsed.kind === "drop") return { refused: "dropped" };
      const head = parsed.kind === "query" ? parsed.query : parsed.head;
      const address = parsed.kind === "query" ? "10.99.0.2" : undefined;
      const reply = formatDnsReply(head, { code: parsed.kind === "query" ? 0 : 5, address });
      expect(reply.length <= bytes.length + MOST_ADDED_BYTES, "a reply is no amplifier");
      expect(reply[0] === bytes[0] && reply[1] === bytes[1], "a reply has its query's number");
      expect((reply[2]! & 0x80) !== 0, "a reply is none that could be answered");
      if (parsed.kind === "refuse") return { refused: `code ${"abcdefghijklmnopq"[parsed.code]}` };
      const { name } = parsed.query;
      if (name === null) return { refused: "no host name" };
      expect(name === "" || /^[\x21-\x7e]{1,255}$/.test(name), "a name is plain");
      expect((parseHost(name)?.host ?? name).length <= 255, "a name is no longer than names are");
      return "accepted";
    },
  },
  {
    name: "tls/hello",
    material: TLS_MATERIAL,
    make: makeHello,
    read(bytes, random) {
      const whole = parseClientHello(Buffer.from(bytes));
      if (whole.kind === "incomplete") expect(whole.needed > bytes.length, "it asks for more");
      const start = Buffer.from(bytes.subarray(0, random.integer(bytes.length + 1)));
      const part = parseClientHello(start);
      if (part.kind === "incomplete") expect(part.needed > start.length, "it asks for more");
      else expect(JSON.stringify(part) === JSON.stringify(whole), "more bytes change no verdict");
      if (whole.kind === "hello") return "accepted";
      return { refused: whole.kind === "malformed" ? whole.problem : "incomplete" };
    },
  },
  {
    name: "tls/start",
    material: {
      seeds: [
        ...TLS_MATERIAL.seeds,
        ...proxyMaterial().seeds,
        bytesOf("SSH-2.0-x\r\n"),
      ],
      tokens: TLS_MATERIAL.tokens,
    },
    read(bytes, random) {
      const start = Buffer.from(bytes.subarray(0, random.integer(bytes.length + 1)));
      const [part, whole] = [classifyStart(start), classifyStart(Buffer.from(bytes))];
      if (part.kind === "incomplete") expect(part.needed > start.length, "it asks for more");
      else if (part.kind !== "unknown") {
        expect(JSON.stringify(part) === JSON.stringify(whole), "more bytes change no verdict");
      }
      if (whole.kind === "incomplete") return { refused: "incomplete" };
      return whole.kind === "unknown" ? { refused: whole.problem } : "accepted";
    },
  },
];
