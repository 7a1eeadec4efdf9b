import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatAuditHeader,
  formatAuditJson,
  formatAuditLine,
  isWanted,
  parseSince,
} from "../../../src/cli/audit_view.ts";
import type { AuditLine } from "../../../src/policy/audit.ts";

const base: AuditLine = {
  time: "2026-11-21T10:00:00.123Z",
  kind: "request",
  decision: "deny",
  reason: "no-rule",
  cage: "app-1",
  service: "claude",
  session: "0a1b2c3d",
};

Deno.test("audit lines are a table for people", async (t) => {
  const lines: AuditLine[] = [
    { ...base, host: "evil.example", port: 443, method: "GET", path: "/x" },
    { ...base, kind: "dns", host: "evil.example", reason: "no-rule" },
    {
      ...base,
      decision: "allow",
      reason: "rule",
      host: "api.example.com",
      port: 443,
      method: "POST",
      path: "/v1/messages",
      rule: "api.example.com (service claude)",
    },
    { ...base, decision: "flag", reason: "entropy", host: "::1", port: 80, detail: "looks packed" },
    { ...base, kind: "policy", decision: "allow", reason: "policy", detail: "version 2" },
    { ...base, host: `${"long-".repeat(10)}.example`, port: 1 },
  ];
  await t.assertSnapshot([formatAuditHeader(), ...lines.map(formatAuditLine)].join("\n"));
});

Deno.test("nothing of what an agent asked for drives a terminal", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const line = { ...base, host: text, method: "GET", path: text, detail: text };
    assert.match(formatAuditLine(line), /^[\x20-\x7e]*$/);
    const json = formatAuditJson(line);
    assert.match(json, /^[\x20-\x7e]*$/);
    assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(line)));
  }));
});

const now = Date.parse("2026-11-21T12:00:00Z");

for (
  const [text, want] of [
    ["10m", "2026-11-21T11:50:00Z"],
    ["2h", "2026-11-21T10:00:00Z"],
    ["1d", "2026-11-20T12:00:00Z"],
    ["2026-11-21T08:30:00Z", "2026-11-21T08:30:00Z"],
    ["2026-11-21", "2026-11-21T00:00:00Z"],
    ["10", undefined],
    ["yesterday", undefined],
    ["2026-99-99", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`parseSince() reads ${JSON.stringify(text)} as ${want}`, () => {
    assert.equal(parseSince(text, now), want === undefined ? undefined : Date.parse(want));
  });
}

Deno.test("isWanted() keeps what was refused, and what is new enough", () => {
  const sinceMs = Date.parse(base.time);
  const flagged: AuditLine = { ...base, decision: "flag" };
  assert.deepEqual(
    [
      isWanted(base, { blocked: true, sinceMs }),
      isWanted(base, { blocked: true, sinceMs: sinceMs + 1 }),
      isWanted(flagged, { blocked: true }),
      isWanted(flagged, { blocked: false }),
    ],
    [true, false, false, true],
  );
});
