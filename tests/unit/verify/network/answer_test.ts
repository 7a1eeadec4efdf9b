import assert from "node:assert/strict";
import { formatQuery } from "../../../../src/verify/internet/dns_query.ts";
import { readAnswer } from "../../../../src/verify/network/answer.ts";

/** A reply to a question: its code, and the addresses that it gives. */
function formatReply(options: { rcode?: number; addresses?: number[][] } = {}): string {
  const { rcode = 0, addresses = [] } = options;
  const query = formatQuery("allowed.test");
  const records = addresses.map((parts) => {
    const data = parts.map((part) => part.toString(16).padStart(2, "0")).join("");
    return `c00c000100010000001e0004${data}`;
  });
  const counts = `0001${addresses.length.toString(16).padStart(4, "0")}00000000`;
  return `1234818${rcode}${counts}${query.slice(24)}${records.join("")}`;
}

Deno.test("a reply is read with its addresses", () => {
  const data = formatReply({ addresses: [[10, 231, 0, 2]] });
  assert.deepEqual(readAnswer({ data }), { rcode: 0, answers: 1, addresses: ["10.231.0.2"] });
});

Deno.test("a reply that denies the name is one", () => {
  assert.deepEqual(readAnswer({ data: formatReply({ rcode: 3 }) }), {
    rcode: 3,
    answers: 0,
    addresses: [],
  });
});

for (
  const [name, data] of [
    ["silence", ""],
    ["half a head", "1234818"],
    ["a question that does not end", `123481800001000000000000${"3f".repeat(20)}`],
    ["what is no hexadecimal text", "SSH-2.0-echo\r\n".repeat(5)],
    [
      "a reply cut off within a record",
      formatReply({ addresses: [[10, 231, 0, 2]] }).slice(0, -30),
    ],
  ] as const
) {
  Deno.test(`${name} is no reply`, () => assert.equal(readAnswer({ data }), undefined));
}
