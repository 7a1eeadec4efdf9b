import assert from "node:assert/strict";
import { planFirstRound, planRounds, type Step } from "../../soak/plan.ts";

const ACTIVITIES = [{ name: "a", weight: 3 }, { name: "b", weight: 1 }, { name: "c", weight: 2 }];

function take(count: number, seed: number): Step[] {
  return [...planRounds(ACTIVITIES, seed).take(count)];
}

Deno.test("planFirstRound() has each once, in order, as its first play", () => {
  const steps = planFirstRound(ACTIVITIES, 1);
  assert.deepEqual(steps.map(({ name, index }) => [name, index]), [["a", 0], ["b", 0], ["c", 0]]);
});

Deno.test("planRounds() is the same for a seed and another for another", () => {
  assert.deepEqual(take(60, 5), take(60, 5));
  assert.notDeepEqual(take(60, 5).map(({ name }) => name), take(60, 6).map(({ name }) => name));
});

Deno.test("planRounds() gives each its weight in every round, whatever the seed", () => {
  for (let seed = 0; seed < 50; seed++) {
    const steps = take(18, seed);
    for (let round = 0; round < 3; round++) {
      const names = steps.slice(round * 6, round * 6 + 6).map(({ name }) => name);
      assert.deepEqual(names.sort(), ["a", "a", "a", "b", "c", "c"]);
    }
  }
});

Deno.test("planRounds() does not play every round in one order", () => {
  const steps = take(60, 1).map(({ name }) => name);
  const rounds = Array.from({ length: 10 }, (_, at) => steps.slice(at * 6, at * 6 + 6).join(""));
  assert.ok(new Set(rounds).size > 5, rounds.join(" "));
});

Deno.test("planRounds() counts the plays of each, after those of the first round", () => {
  const steps = take(18, 3);
  for (const { name } of ACTIVITIES) {
    const indexes = steps.filter((step) => step.name === name).map(({ index }) => index);
    assert.deepEqual(indexes, indexes.map((_, at) => at + 1));
  }
});

Deno.test("no two plays make the same choices", () => {
  const steps = [...planFirstRound(ACTIVITIES, 1), ...take(300, 1)];
  assert.equal(new Set(steps.map(({ seed }) => seed)).size, steps.length);
});

Deno.test("planRounds() of nothing ends", () => {
  assert.deepEqual([...planRounds([], 1)], []);
});
