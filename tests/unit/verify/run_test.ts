import assert from "node:assert/strict";
import type { CaseResult, Finding, OpenSuite } from "../../../src/verify/case.ts";
import { runCases, type RunOptions } from "../../../src/verify/run.ts";
import { makeCase } from "./support.ts";

const HELD: Finding = { held: true, control: true, seen: "0 seen", evidence: [] };

/** A suite whose cases end as told; says when it was closed. */
function openFake(
  ends: Readonly<Record<string, Awaited<ReturnType<OpenSuite["check"]>> | Error>>,
  closed: string[] = [],
): () => Promise<OpenSuite> {
  return () =>
    Promise.resolve({
      check(id) {
        const end = ends[id] ?? HELD;
        return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
      },
      [Symbol.asyncDispose]() {
        closed.push("closed");
        return Promise.resolve();
      },
    });
}

async function run(
  options: Partial<RunOptions>,
  cases = [makeCase("C01"), makeCase("C02"), makeCase("N01", { suite: "network" })],
): Promise<{ results: CaseResult[]; told: string[] }> {
  const told: string[] = [];
  const results = await runCases(cases, {
    open: {},
    failFast: false,
    nowMs: () => 0,
    onResult: ({ case: each }) => told.push(each.id),
    ...options,
  });
  return { results, told };
}

const verdicts = (results: readonly CaseResult[]) =>
  results.map(({ case: each, verdict }) => `${each.id} ${verdict}`);

Deno.test("results come in the order of the cases, whichever suite ends first", async () => {
  const slow = Promise.withResolvers<Finding>();
  const { results, told } = await run({
    open: {
      container: () =>
        Promise.resolve({
          check: () => slow.promise,
          [Symbol.asyncDispose]: () => Promise.resolve(),
        }),
      network: openFake({}),
    },
    onResult({ case: each }) {
      if (each.id === "N01") slow.resolve(HELD);
    },
  });
  assert.deepEqual(verdicts(results), ["C01 pass", "C02 pass", "N01 pass"]);
  assert.deepEqual(told, []);
});

Deno.test("what cannot be told is inconclusive, with its reason; the others go on", async () => {
  const closed: string[] = [];
  const { results } = await run({
    open: {
      container: openFake({ C01: new Error("the probe died\nwith 137") }, closed),
      network: () => Promise.reject(new Error("no internet to be had")),
    },
  });
  assert.deepEqual(verdicts(results), ["C01 inconclusive", "C02 pass", "N01 inconclusive"]);
  assert.deepEqual([results[0]?.seen, results[0]?.evidence], ["the probe died", ["with 137"]]);
  assert.equal(results[2]?.seen, "no internet to be had");
  assert.deepEqual(closed, ["closed"]);
});

Deno.test("a suite is told which of its cases are wanted", async () => {
  const wanted: string[][] = [];
  const open = (ids: readonly string[]) => {
    wanted.push([...ids]);
    return openFake({})();
  };
  await run({ open: { container: open, network: open } });
  assert.deepEqual(wanted, [["C01", "C02"], ["N01"]]);
});

Deno.test("a suite that nobody checks proves nothing", async () => {
  const { results } = await run({ open: { container: openFake({}) } });
  assert.equal(verdicts(results).at(-1), "N01 inconclusive");
});

Deno.test("what does not apply says why", async () => {
  const { results } = await run({
    open: { container: openFake({ C01: { notApplicable: "no IPv6 here" } }) },
  }, [makeCase("C01")]);
  assert.deepEqual(verdicts(results), ["C01 not-applicable"]);
  assert.equal(results[0]?.seen, "no IPv6 here");
});

Deno.test("fail fast ends after the first that is broken, and still closes", async () => {
  const closed: string[] = [];
  const { results, told } = await run({
    open: { container: openFake({ C01: { ...HELD, held: false } }, closed) },
    failFast: true,
  }, [makeCase("C01"), makeCase("C02")]);
  assert.deepEqual(verdicts(results), ["C01 fail"]);
  assert.deepEqual([told, closed], [["C01"], ["closed"]]);
});

Deno.test("an interrupted run throws and closes", async () => {
  const closed: string[] = [];
  const controller = new AbortController();
  await assert.rejects(
    run({
      open: { container: openFake({}, closed) },
      onResult: () => controller.abort(new Error("interrupted")),
      signal: controller.signal,
    }),
    /interrupted/,
  );
  assert.deepEqual(closed, ["closed"]);
});
