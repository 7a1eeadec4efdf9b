import assert from "node:assert/strict";
import { REASONS } from "../../../src/policy/audit.ts";
import { formatHint } from "../../../src/policy/hint.ts";

for (const reason of REASONS) {
  Deno.test(`the hint for ${reason} is one line without a full stop and the name of the tool`, () => {
    for (const host of ["api.example.com", undefined]) {
      assert.match(formatHint(reason, host), /^[^\n]{10,140}[^.\n]$/);
      assert.doesNotMatch(formatHint(reason, host), /sandcage/, "it is read inside");
    }
  });
}

Deno.test("the hint for a host that no rule names is the command that allows it", () => {
  const hint = formatHint("no-rule", "api.example.com");
  assert.equal(hint, "your user can allow it with: domain add api.example.com");
});

Deno.test("a hint without a host says where it goes", () => {
  assert.equal(formatHint("no-rule", undefined), "your user can allow it with: domain add HOST");
});
