import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import { selectCases, type Selection } from "../../../src/verify/select.ts";
import { makeCase } from "./support.ts";

const CASES = [
  makeCase("C01", { quick: true }),
  makeCase("C02"),
  makeCase("N01", { suite: "network" }),
];

function pick(change: Partial<Selection>): string[] {
  return selectCases(CASES, { suites: [], ids: [], quick: false, ...change }).map(({ id }) => id);
}

for (
  const [what, change, ids] of [
    ["nothing asks for all", {}, ["C01", "C02", "N01"]],
    ["a suite", { suites: ["network"] }, ["N01"]],
    ["ids in any case, in the order of the list", { ids: ["n01", "C02"] }, ["C02", "N01"]],
    ["the quick ones", { quick: true }, ["C01"]],
  ] as const
) {
  Deno.test(`selection: ${what}`, () => assert.deepEqual(pick(change), ids));
}

for (
  const [what, change, message] of [
    ["a suite that is not there", { suites: ["net"] }, /no suite "net"/],
    ["a case that is not there", { ids: ["C99"] }, /no case C99/],
    ["nothing left", { suites: ["network"], quick: true }, /Nothing is left/],
  ] as const
) {
  Deno.test(`refused: ${what}`, () => {
    assert.throws(
      () => pick(change),
      (error) => error instanceof UserError && error.exit === 2 && message.test(error.message),
    );
  });
}
