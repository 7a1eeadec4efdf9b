import assert from "node:assert/strict";
import { bytesOf, textOf } from "../../fuzz/bytes.ts";
import { runTarget } from "../../fuzz/campaign.ts";
import { mutate } from "../../fuzz/mutate.ts";
import { createRandom, seedOf } from "../../fuzz/random.ts";
import { expect, type Target } from "../../fuzz/target.ts";

const MATERIAL = { seeds: [bytesOf("GET / HTTP/1.1\r\n\r\n")], tokens: [bytesOf("needle")] };

Deno.test("a campaign finds the case that breaks a reader, and the same one again", () => {
  const target: Target = {
    name: "breaks",
    material: MATERIAL,
    read: (bytes) => expect(!textOf(bytes).includes("needle"), "no needle is there"),
  };
  const { findings } = runTarget(target, { seed: 5, cases: 200 });
  assert.ok(findings.length > 0);
  const [first] = findings;
  assert.match(first!.problem, /no needle is there/);
  const again = runTarget(target, { seed: 5, cases: 1, first: first!.index });
  assert.deepEqual(again.findings.map(({ index }) => index), [first!.index]);
});

Deno.test("a campaign finds a reader that takes its time", () => {
  const target: Target = {
    name: "slow",
    material: MATERIAL,
    read() {
      const endMs = performance.now() + 1001;
      while (performance.now() < endMs);
    },
  };
  assert.match(runTarget(target, { seed: 1, cases: 1 }).findings[0]!.problem, /it took 1\d+ ms/);
});

Deno.test("equal seeds make equal cases, other numbers and other targets others", () => {
  const make = (seed: number) => textOf(mutate(createRandom(seed), MATERIAL));
  const seeds = [
    seedOf(1, { target: "a", index: 1 }),
    seedOf(1, { target: "a", index: 2 }),
    seedOf(1, { target: "b", index: 1 }),
    seedOf(2, { target: "a", index: 1 }),
  ];
  assert.equal(new Set(seeds).size, 4);
  for (const seed of seeds) assert.equal(make(seed), make(seed));
});

Deno.test("every kind of change happens: cases are shorter, longer, and now and then untouched", () => {
  const original = MATERIAL.seeds[0]!;
  const cases = Array.from({ length: 500 }, (_, seed) => mutate(createRandom(seed), MATERIAL));
  assert.ok(cases.some(({ length }) => length < original.length));
  assert.ok(cases.some(({ length }) => length > original.length));
  const same = cases.filter((bytes) => textOf(bytes) === textOf(original)).length;
  assert.ok(same > 0 && same < 100, `${same} of 500 are untouched`);
});
