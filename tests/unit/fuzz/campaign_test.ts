import assert from "node:assert/strict";
import { bytesOf, textOf } from "../../fuzz/bytes.ts";
import { runTarget } from "../../fuzz/campaign.ts";
import { parseFlags } from "../../fuzz/flags.ts";
import { findGrowthProblem, makeGrowth } from "../../fuzz/grow.ts";
import { mutate } from "../../fuzz/mutate.ts";
import { createRandom, seedOf } from "../../fuzz/random.ts";
import { formatFindings } from "../../fuzz/report.ts";
import { countRefused, findOneSided } from "../../fuzz/tally.ts";
import { expect, type Target } from "../../fuzz/target.ts";

/** Takes everything that a rule of the test does not break on. */
function targetOf(name: string, check: (bytes: Uint8Array) => void): Target {
  return {
    name,
    material: MATERIAL,
    read(bytes) {
      check(bytes);
      return bytes.length % 2 === 0 ? "accepted" : { refused: `it has ${bytes.length} bytes` };
    },
  };
}

const MATERIAL = { seeds: [bytesOf("GET / HTTP/1.1\r\n\r\n")], tokens: [bytesOf("needle")] };

Deno.test("a campaign finds the case that breaks a reader, makes it short, and finds it again", () => {
  const target = targetOf(
    "breaks",
    (bytes) => expect(!textOf(bytes).includes("needle"), "no needle is there"),
  );
  const { findings } = runTarget(target, { seed: 5, cases: 200 });
  assert.equal(findings.length, 1, "what is the same is one finding");
  const [first] = findings;
  assert.match(first!.problem, /no needle is there/);
  assert.equal(textOf(first!.input!), "needle");
  assert.ok((first!.times ?? 0) > 1);
  const again = runTarget(target, { seed: 5, cases: 1, first: first!.index });
  assert.deepEqual(again.findings.map(({ index }) => index), [first!.index]);
});

Deno.test("a campaign finds a reader that takes its time", () => {
  const target = targetOf("slow", () => {
    const endMs = performance.now() + 501;
    while (performance.now() < endMs);
  });
  const [finding] = runTarget(target, { seed: 1, cases: 1 }).findings;
  assert.match(finding!.problem, /it took \d+ ms for \d+ bytes/);
});

Deno.test("a campaign finds a reader whose time grows with the square of the input", () => {
  const growth = makeGrowth(targetOf("any", () => {}), { seed: 1, index: 0 });
  const judge = (timeOf: (bytes: number) => number) =>
    findGrowthProblem(growth, ({ bytes }) => ({
      verdict: "accepted",
      tookMs: timeOf(bytes.length),
    }));
  assert.match(judge((bytes) => bytes * bytes / 1e7) ?? "", /grows faster/);
  assert.equal(judge((bytes) => bytes / 100), undefined);
  assert.equal(judge((bytes) => bytes * bytes / 1e9), undefined, "what is over at once is fine");
  const broken = findGrowthProblem(growth, () => ({ problem: "no", tookMs: 1 }));
  assert.equal(broken, "no");
});

Deno.test("what is accepted and refused is counted, and a campaign of one kind proves nothing", () => {
  const { tally, cases } = runTarget(targetOf("both", () => {}), { seed: 1, cases: 500 });
  assert.equal(tally.accepted + countRefused(tally), cases);
  assert.deepEqual(Object.keys(tally.refused), ["it has 0 bytes"], "numbers make no other reason");
  assert.equal(findOneSided(tally), undefined);
  assert.match(
    findOneSided({ accepted: 1000, refused: { a: 3 } }) ?? "",
    /only 3 of 1003 were ref/,
  );
  assert.match(
    findOneSided({ accepted: 3, refused: { a: 1000 } }) ?? "",
    /only 3 of 1003 were acc/,
  );
});

Deno.test("a finding says how to see it again, and what to keep", () => {
  const text = formatFindings([
    {
      target: "tar/x",
      index: 7,
      problem: "Error: no\n  at y",
      input: bytesOf('a"\xff'),
      draw: 3,
      times: 2,
    },
  ], { seed: 9 });
  assert.match(text, /tar\/x, seed 9, case 7, 2 times:/);
  assert.match(text, /deno task fuzz --target 'tar\/x' --seed 9 --case 7/);
  assert.match(text, /shortest input, 3 bytes: "a\\"ÿ"/);
  assert.match(text, /draw: 3/);
});

Deno.test("flags are read, and what is none is said", () => {
  assert.equal(parseFlags(["--help"]), "help");
  const flags = parseFlags(["--cases=5", "--budget", "60", "--target", "tar", "--seed=1"]);
  assert.deepEqual(flags, {
    seed: 1,
    cases: 5,
    budgetSeconds: 60,
    only: undefined,
    target: "tar",
    index: undefined,
    program: undefined,
  });
  assert.throws(() => parseFlags(["--cases", "many"]), /--cases is a whole number, not "many"/);
  assert.throws(() => parseFlags(["--only", "x"]), /--only is readers or live/);
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
