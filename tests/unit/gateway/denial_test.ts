import assert from "node:assert/strict";
import { REASONS } from "../../../src/policy/audit.ts";
import { formatHint } from "../../../src/policy/hint.ts";
import { formatDenial, formatRawDenial, statusOf } from "../../../src/gateway/denial.ts";

Deno.test("a denial says 403 unless its reason says more", () => {
  const other = REASONS.filter((reason) => statusOf(reason) !== 403)
    .map((reason) => [reason, statusOf(reason)]);
  assert.deepEqual(other, [
    ["name-mismatch", 421],
    ["resolve", 502],
    ["dial", 502],
    ["upstream-certificate", 502],
    ["upstream", 502],
    ["rate", 429],
    ["timeout", 502],
    ["audit", 503],
  ]);
});

Deno.test("formatDenial() is one JSON form, told again in a header", () => {
  const { status, headers, body } = formatDenial({
    reason: "block-rule",
    detail: "Blocked",
    rule: "*.evil.test (network.block[0])",
    host: "x.evil.test",
    hint: "Ask first",
  });
  assert.equal(status, 403);
  assert.deepEqual(JSON.parse(body.toString()), {
    blocked: true,
    rule: "*.evil.test (network.block[0])",
    reason: "block-rule",
    host: "x.evil.test",
    hint: "Ask first",
    retry: false,
    by: "gateway",
  });
  assert.deepEqual(Object.fromEntries(headers), {
    "content-type": "application/json",
    "content-length": String(body.length),
    "cache-control": "no-store",
    "x-gateway-blocked": "block-rule; rule=*.evil.test (network.block[0])",
  });
});

Deno.test("what a rule's text holds cannot end the header it is told in", () => {
  const raw = formatRawDenial({
    reason: "no-rule",
    detail: "d",
    rule: "a\r\nx-evil: 1\0ü",
    host: null,
  }).toString("latin1");
  assert.match(raw, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(raw, /\r\nx-gateway-blocked: no-rule; rule=a\?\?x-evil: 1\?\?\r\n/);
  assert.match(raw, /\r\nconnection: close\r\n\r\n\{/);
  assert.equal(JSON.parse(raw.slice(raw.indexOf("\r\n\r\n"))).hint, "d");
});

Deno.test("a denial is read inside and names no tool", () => {
  for (const reason of REASONS) {
    const raw = formatRawDenial({ reason, detail: "d", hint: formatHint(reason, "a.test") });
    assert.doesNotMatch(raw.toString("latin1"), /sandcage/i, reason);
  }
});
