import assert from "node:assert/strict";
import { formatRawDenial } from "../../../../src/gateway/denial.ts";
import { findDenialProblem } from "../../../../src/verify/network/denial.ts";

const WANT = { host: "evil.test", reason: "no-rule", rule: null };

const DENIAL = formatRawDenial({
  reason: "no-rule",
  detail: "no rule allows it",
  host: "evil.test",
}).toString();

const RULED = formatRawDenial({
  reason: "block-rule",
  detail: "blocked",
  host: "big.test",
  rule: "big.test (network.block[0])",
}).toString();

Deno.test("the gateway's own denial says all", () => {
  assert.equal(findDenialProblem(DENIAL, WANT), undefined);
  const want = { host: "big.test", reason: "block-rule", rule: /network\.block\[0\]/ };
  assert.equal(findDenialProblem(RULED, want), undefined);
});

for (
  const [what, text, problem] of [
    ["another status", DENIAL.replace(" 403 ", " 502 "), "the status is not 403"],
    ["no end of the head", "HTTP/1.1 403 Forbidden", "the status is not 403"],
    [
      "no header of its own",
      DENIAL.replace(/^x-gateway-blocked/m, "x-other"),
      "no header names the gateway",
    ],
    [
      "the header in the body alone",
      "HTTP/1.1 403 F\r\na: b\r\n\r\nx-gateway-blocked: yes",
      "no header names the gateway",
    ],
    ["a page", DENIAL.replace(/\{[^]*/, "<html>"), "the body is no JSON object"],
    [
      "an advice to try again",
      DENIAL.replace('"retry":false', '"retry":true'),
      "the body does not say that trying again is no use",
    ],
    [
      "nobody's name",
      DENIAL.replace('"by":"gateway"', '"by":""'),
      "the body does not say who refuses",
    ],
    ["another host", DENIAL.replace('"evil.test"', '"allowed.test"'), 'the host is "allowed.test"'],
    ["another reason", DENIAL.replace('"no-rule"', '"port"'), 'the reason is "port"'],
    ["a rule where there is none", RULED, 'the host is "big.test"'],
  ] as const
) {
  Deno.test(`a denial with ${what} is none`, () => {
    assert.equal(findDenialProblem(text, WANT), problem);
  });
}

Deno.test("a denial names the rule that decided", () => {
  const want = { host: "big.test", reason: "block-rule", rule: /path\.test/ };
  assert.equal(findDenialProblem(RULED, want), 'the rule is "big.test (network.block[0])"');
});
