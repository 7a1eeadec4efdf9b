import assert from "node:assert/strict";
import { decideVerdict, isProved } from "../../../src/verify/case.ts";
import { CASES } from "../../../src/verify/cases.ts";
import { makeResult } from "./support.ts";

const finding = { seen: "", evidence: [] };

for (
  const [held, control, verdict] of [
    [true, true, "pass"],
    [true, false, "inconclusive"],
    [false, true, "fail"],
    [false, false, "fail"],
  ] as const
) {
  Deno.test(`held ${held} with control ${control} is ${verdict}`, () => {
    assert.equal(decideVerdict({ ...finding, held, control }), verdict);
  });
}

Deno.test("a run proves something only when a case passed and none was broken", () => {
  const [pass, fail, untold, absent] = [
    makeResult("C01", "pass"),
    makeResult("C02", "fail"),
    makeResult("C03", "inconclusive"),
    makeResult("C04", "not-applicable"),
  ];
  assert.equal(isProved([pass, absent]), true);
  assert.equal(isProved([pass, fail]), false);
  assert.equal(isProved([pass, untold]), false);
  assert.equal(isProved([absent]), false);
  assert.equal(isProved([]), false);
});

Deno.test("every case has an id of its own and says what it is for", () => {
  assert.equal(new Set(CASES.map(({ id }) => id)).size, CASES.length);
  for (const each of CASES) {
    assert.match(each.id, /^[A-Z]\d\d$/);
    for (const text of [each.title, each.threat, each.expectation, each.source]) {
      assert.match(text, /^\S.*\S$/, each.id);
    }
  }
});
