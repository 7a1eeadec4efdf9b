import { Buffer } from "node:buffer";
import { parseGatewayMessage } from "../../src/cage/gateway_messages.ts";
import { parseConnectTarget } from "../../src/gateway/authority_form.ts";
import { parseClientHello } from "../../src/gateway/client_hello.ts";
import { parseHostLine } from "../../src/gateway/control.ts";
import { formatDnsReply, parseDnsQuery } from "../../src/gateway/dns_message.ts";
import { classifyStart } from "../../src/gateway/sniff.ts";
import { parseHost } from "../../src/policy/host.ts";
import { textOf } from "./bytes.ts";
import { SECRET } from "./names.ts";
import { CONTROL_MATERIAL, REPORT_MATERIAL } from "./seeds/control.ts";
import { DNS_MATERIAL } from "./seeds/dns.ts";
import { http1Material, proxyMaterial } from "./seeds/http1.ts";
import { TLS_MATERIAL } from "./seeds/tls.ts";
import { expect, type Target } from "./target.ts";

/** EDNS and one address: all that a reply may be longer than its query. */
const MOST_ADDED_BYTES = 11 + 16;

/** Readers of what an agent or a host says first, each with the promises it makes. */
export const READERS: readonly Target[] = [
  {
    name: "DNS message",
    material: DNS_MATERIAL,
    read(bytes) {
      const parsed = parseDnsQuery(Buffer.from(bytes));
      if (parsed.kind === "drop") return;
      const head = parsed.kind === "query" ? parsed.query : parsed.head;
      const address = parsed.kind === "query" ? "10.99.0.2" : undefined;
      const reply = formatDnsReply(head, { code: parsed.kind === "query" ? 0 : 5, address });
      expect(reply.length <= bytes.length + MOST_ADDED_BYTES, "a reply is no amplifier");
      expect(reply[0] === bytes[0] && reply[1] === bytes[1], "a reply has its query's number");
      expect((reply[2]! & 0x80) !== 0, "a reply is none that could be answered");
    },
  },
  {
    name: "TLS hello",
    material: TLS_MATERIAL,
    read(bytes, random) {
      const whole = parseClientHello(Buffer.from(bytes));
      if (whole.kind === "incomplete") expect(whole.needed > bytes.length, "it asks for more");
      const start = Buffer.from(bytes.subarray(0, random.integer(bytes.length + 1)));
      const part = parseClientHello(start);
      if (part.kind === "incomplete") expect(part.needed > start.length, "it asks for more");
      else expect(JSON.stringify(part) === JSON.stringify(whole), "more bytes change no verdict");
    },
  },
  {
    name: "start of a connection",
    material: {
      seeds: [
        ...TLS_MATERIAL.seeds,
        ...proxyMaterial().seeds,
        new TextEncoder().encode("SSH-2.0-x\r\n"),
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
    },
  },
  {
    name: "CONNECT authority",
    material: proxyMaterial(),
    read(bytes, random) {
      const text = textOf(bytes);
      const word = random.pick(text.split(/[ \r\n]+/));
      for (const candidate of [text, word]) {
        const target = parseConnectTarget(candidate);
        if (target === undefined) continue;
        expect(parseHost(target.host)?.host === target.host, "a host is in its normal form");
        expect(target.port > 0 && target.port < 65536, "a port is a port");
      }
    },
  },
  {
    name: "host",
    material: http1Material("allowed.test"),
    read(bytes, random) {
      const word = random.pick(textOf(bytes).split(/[ \r\n:/]+/));
      const host = parseHost(word);
      if (host === undefined) return;
      expect(parseHost(host.host)?.host === host.host, "a normal form is its own");
      expect(/^[a-z0-9._:-]+$/.test(host.host), "a normal form is plain");
    },
  },
  {
    name: "control line",
    material: CONTROL_MATERIAL,
    read(bytes) {
      const line = parseHostLine(new TextDecoder().decode(bytes));
      if (line.kind === "malformed") {
        expect(!line.problem.includes(SECRET), "no problem repeats a secret");
      }
    },
  },
  {
    name: "report of a gateway",
    material: REPORT_MATERIAL,
    read(bytes) {
      parseGatewayMessage(new TextDecoder().decode(bytes));
    },
  },
];
