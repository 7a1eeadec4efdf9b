import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { DNS_CODE, formatDnsReply, parseDnsQuery } from "../../../src/gateway/dns_message.ts";
import { answerDns } from "../../../src/gateway/dns_server.ts";

/** Hand-made messages, in hex, with blanks between the parts. */
function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ""), "hex");
}

// 07 "example" 03 "com" 00
const EXAMPLE = "07 6578616d706c65 03 636f6d 00";
const GATEWAY = "172.20.0.2"; // ac140002

function answer(query: string, verdict: "allow" | "deny" | "unavailable" = "allow"): string | null {
  const reply = answerDns(hex(query), { address: GATEWAY, decide: () => verdict });
  return reply === null ? null : reply.toString("hex");
}

const A_ANSWER = "c00c 0001 0001 0000001e 0004 ac140002";
const EDNS = "00 0029 04d0 00000000 0000";

const VECTORS: [name: string, query: string, reply: string | null, verdict?: "deny"][] = [
  [
    "an A question gets the gateway's address",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`,
    `1234 8180 0001 0001 0000 0000 ${EXAMPLE} 0001 0001 ${A_ANSWER}`,
  ],
  [
    "the letters of the question come back as they were asked",
    "1234 0100 0001 0000 0000 0000 07 4578416d506c45 03 436f4d 00 0001 0001",
    `1234 8180 0001 0001 0000 0000 07 4578416d506c45 03 436f4d 00 0001 0001 ${A_ANSWER}`,
  ],
  [
    "recursion is repeated only when it was wanted",
    `1234 0000 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`,
    `1234 8080 0001 0001 0000 0000 ${EXAMPLE} 0001 0001 ${A_ANSWER}`,
  ],
  [
    "AAAA is empty",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 001c 0001`,
    `1234 8180 0001 0000 0000 0000 ${EXAMPLE} 001c 0001`,
  ],
  [
    "HTTPS is empty",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0041 0001`,
    `1234 8180 0001 0000 0000 0000 ${EXAMPLE} 0041 0001`,
  ],
  [
    "SVCB is empty",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0040 0001`,
    `1234 8180 0001 0000 0000 0000 ${EXAMPLE} 0040 0001`,
  ],
  [
    "TXT is empty",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0010 0001`,
    `1234 8180 0001 0000 0000 0000 ${EXAMPLE} 0010 0001`,
  ],
  [
    "a denied name does not exist",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`,
    `1234 8183 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`,
    "deny",
  ],
  [
    "EDNS is answered with EDNS, whatever options it has",
    `1234 0120 0001 0000 0000 0001 ${EXAMPLE} 0001 0001 00 0029 1000 00008000 000c 000a 0008 0102030405060708`,
    `1234 8180 0001 0001 0000 0001 ${EXAMPLE} 0001 0001 ${A_ANSWER} ${EDNS}`,
  ],
  [
    "an EDNS version to come is BADVERS",
    `1234 0100 0001 0000 0000 0001 ${EXAMPLE} 0001 0001 00 0029 1000 00010000 0000`,
    `1234 8180 0001 0000 0000 0001 ${EXAMPLE} 0001 0001 00 0029 04d0 01000000 0000`,
  ],
  [
    "two EDNS records are FORMERR",
    `1234 0100 0001 0000 0000 0002 ${EXAMPLE} 0001 0001 ${EDNS} ${EDNS}`,
    `1234 8181 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`,
  ],
  [
    "two questions are FORMERR",
    `1234 0100 0002 0000 0000 0000 ${EXAMPLE} 0001 0001 ${EXAMPLE} 0010 0001`,
    "1234 8181 0000 0000 0000 0000",
  ],
  [
    "no question is FORMERR",
    "1234 0100 0000 0000 0000 0000",
    "1234 8181 0000 0000 0000 0000",
  ],
  [
    "answers in a question are FORMERR",
    `1234 0100 0001 0001 0000 0000 ${EXAMPLE} 0001 0001 ${A_ANSWER}`,
    "1234 8181 0000 0000 0000 0000",
  ],
  [
    "a name that points to itself is FORMERR",
    "1234 0100 0001 0000 0000 0000 c00c 0001 0001",
    "1234 8181 0000 0000 0000 0000",
  ],
  [
    "a name that is cut off is FORMERR",
    "1234 0100 0001 0000 0000 0000 07 6578",
    "1234 8181 0000 0000 0000 0000",
  ],
  [
    "a question without its class is FORMERR",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0001`,
    "1234 8181 0000 0000 0000 0000",
  ],
  [
    "bytes behind the question are FORMERR",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0001 0001 00`,
    `1234 8181 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`,
  ],
  [
    "class CHAOS is REFUSED",
    `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0010 0003`,
    `1234 8185 0001 0000 0000 0000 ${EXAMPLE} 0010 0003`,
  ],
  [
    "NOTIFY is NOTIMP",
    `1234 2000 0001 0000 0000 0000 ${EXAMPLE} 0006 0001`,
    "1234 a084 0000 0000 0000 0000",
  ],
  ["a response gets no reply", `1234 8180 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`, null],
  ["less than a header gets no reply", "1234 0100 0001 0000 0000 00", null],
  ["nothing gets no reply", "", null],
];

for (const [name, query, reply, verdict] of VECTORS) {
  Deno.test(`answerDns(): ${name}`, () => {
    assert.equal(answer(query, verdict), reply === null ? null : hex(reply).toString("hex"));
  });
}

Deno.test("answerDns() fails for the time being while nothing may be decided", () => {
  const query = `1234 0100 0001 0000 0000 0000 ${EXAMPLE} 0001 0001`;
  assert.equal(answer(query, "unavailable")!.slice(4, 8), "8182");
});

const NAMES: [name: string, labels: string, want: string | null][] = [
  ["an underscore belongs to service names", "04 5f746370 00", "_tcp"],
  ["a dot inside a label is no host", "03 612e62 00", null],
  ["a NUL inside a label is no host", "03 610062 00", null],
  ["bytes beyond ASCII are no host", "03 61c3a9 00", null],
  ["the root is no host", "00", null],
];

for (const [name, labels, want] of NAMES) {
  Deno.test(`parseDnsQuery(): ${name}`, () => {
    const parsed = parseDnsQuery(hex(`0001 0100 0001 0000 0000 0000 ${labels} 0001 0001`));
    assert.equal(parsed.kind, "query");
    assert.equal(parsed.kind === "query" && parsed.query.name, want);
  });
}

Deno.test("parseDnsQuery() takes a name of 255 bytes and no longer one", () => {
  const build = (last: number) => {
    const labels = [63, 63, 63, last].map((n) => n.toString(16).padStart(2, "0") + "61".repeat(n));
    return parseDnsQuery(hex(`0001 0100 0001 0000 0000 0000 ${labels.join("")} 00 0001 0001`));
  };
  assert.equal(build(61).kind, "query");
  assert.deepEqual(build(62).kind === "refuse" && build(62), {
    kind: "refuse",
    code: DNS_CODE.formatError,
    head: { id: 1, opcode: 0, recursionDesired: true, question: Buffer.alloc(0), edns: false },
  });
});

Deno.test("answerDns() survives any bytes, and never answers with more than 512", () => {
  const start = hex(`1234 0100 0001 0000 0000 0000`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, hasHeader) => {
      const message = hasHeader ? Buffer.concat([start, bytes]) : Buffer.from(bytes);
      const reply = answerDns(message, { address: GATEWAY, decide: () => "allow" });
      if (reply === null) return;
      assert.ok(reply.length <= 512);
      assert.equal(reply.readUInt16BE(0), message.readUInt16BE(0));
      assert.ok((reply[2]! & 0x80) !== 0);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("answerDns() reads back every name it is asked for", () => {
  const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 8 }), (labels) => {
      const name = labels.map((text) => Buffer.from([text.length, ...Buffer.from(text)]));
      const query = Buffer.concat([
        hex("0001 0100 0001 0000 0000 0000"),
        ...name,
        hex("00 0001 0001"),
      ]);
      const asked: (string | null)[] = [];
      answerDns(query, {
        address: GATEWAY,
        decide: (host) => {
          asked.push(host);
          return "deny";
        },
      });
      assert.deepEqual(asked, [labels.join(".")]);
    }),
  );
});

Deno.test("formatDnsReply() says REFUSED without repeating a question it could not read", () => {
  const reply = formatDnsReply(
    { id: 7, opcode: 0, recursionDesired: false, question: Buffer.alloc(0), edns: false },
    { code: DNS_CODE.refused },
  );
  assert.equal(reply.toString("hex"), "000780850000000000000000");
});
