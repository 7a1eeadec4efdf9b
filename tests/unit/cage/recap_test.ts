import assert from "node:assert/strict";
import { collectDenials, formatRecap } from "../../../src/cage/recap.ts";
import type { AuditEvent } from "../../../src/policy/audit.ts";

const event = (host: string, change: Partial<AuditEvent> = {}): AuditEvent => ({
  time: "2026-01-01T00:00:00.000Z",
  kind: "dns",
  decision: "deny",
  reason: "no-rule",
  host,
  ...change,
});

Deno.test("the recap names refused hosts, the most frequent first, and what would allow one", () => {
  const denials = collectDenials();
  denials.add([event("a.test"), event("b.test"), event("ok.test", { decision: "allow" })]);
  denials.add([event("b.test"), event("", { host: undefined })]);
  assert.equal(
    formatRecap(denials.read()),
    "blocked 2 hosts: b.test (no-rule), a.test (no-rule); " +
      "allow one with: sandcage domain add b.test",
  );
});

Deno.test("no recap when nothing was refused", () => {
  assert.equal(formatRecap(collectDenials().read()), undefined);
});

Deno.test("what no rule would allow is not offered", () => {
  const denials = collectDenials();
  denials.add([event("inject.test", { reason: "secret-leak" })]);
  assert.equal(
    formatRecap(denials.read()),
    "blocked 1 host: inject.test (secret-leak); see why: sandcage audit --blocked",
  );
});

Deno.test("many hosts are counted, and their names move no cursor", () => {
  const denials = collectDenials();
  denials.add(Array.from({ length: 2_000 }, (_, n) => event(`h${n}.test`)));
  assert.match(formatRecap(denials.read())!, /^blocked 1000 hosts: .* and 995 more; /);
  const evil = collectDenials();
  evil.add([event("\u001b[2Jx")]);
  assert.match(formatRecap(evil.read())!, /^blocked 1 host: \?\[2Jx \(no-rule\)/);
});
