import assert from "node:assert/strict";
import { parseTestOptions } from "../../../../tools/testing/options.ts";

for (
  const [args, want] of [
    [[], { groups: ["unit", "e2e"], files: [] }],
    [["--only", "unit"], { groups: ["unit"], files: [] }],
    [["--filter", "uid"], { groups: ["unit", "e2e"], files: [], filter: "uid" }],
    [["tests/e2e/agents_test.ts"], { groups: ["e2e"], files: ["tests/e2e/agents_test.ts"] }],
  ] as const
) {
  Deno.test(`parseTestOptions() reads [${args.join(" ")}]`, () => {
    assert.deepEqual(parseTestOptions(args), want);
  });
}

Deno.test("parseTestOptions() refuses a group it does not know", () => {
  assert.throws(() => parseTestOptions(["--only", "some"]), {
    message: 'Cannot read --only: got "some", expected unit or e2e',
  });
});

Deno.test("parseTestOptions() refuses a flag it does not know", () => {
  assert.throws(() => parseTestOptions(["--fast"]), TypeError);
});
