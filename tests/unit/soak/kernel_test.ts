import assert from "node:assert/strict";
import { sha256Hex } from "../../../src/hash.ts";
import { findTraces, type KernelFacts } from "../../soak/kernel.ts";

const [CONTAINER, NETWORK] = ["c".repeat(64), "d".repeat(64)];
const MADE = {
  containers: new Map([[CONTAINER, "web-shell-1"]]),
  networks: new Map([[NETWORK, "sandcage-session-1"]]),
  images: new Set<string>(),
};
const NOTHING: KernelFacts = { cgroups: [], interfaces: [], rules: [], records: [] };
const GONE = { containers: new Set<string>(), networks: new Set<string>() };
const NAMED = `sc-${sha256Hex("sandcage-session-1").slice(0, 10)}`;

for (
  const [what, facts, trace] of [
    [
      "a control group",
      { cgroups: [`memory/docker/${CONTAINER}`] },
      `control group of web-shell-1: memory/docker/${CONTAINER}`,
    ],
    [
      "a record",
      { records: [`containers/${CONTAINER}`] },
      `record of the engine of web-shell-1: containers/${CONTAINER}`,
    ],
    [
      "a bridge of the engine's naming",
      { interfaces: ["lo", "br-dddddddddddd"] },
      "bridge of sandcage-session-1: br-dddddddddddd",
    ],
    ["a bridge of ours", { interfaces: [NAMED] }, `bridge of sandcage-session-1: ${NAMED}`],
    [
      "a rule",
      { rules: ["-A FORWARD -o br-dddddddddddd -j DOCKER"] },
      "rule of sandcage-session-1: -A FORWARD -o br-dddddddddddd -j DOCKER",
    ],
  ] as const
) {
  Deno.test(`findTraces() finds ${what} of what is gone, and of that alone`, () => {
    const all = { ...NOTHING, ...facts };
    assert.deepEqual(findTraces(MADE, { facts: all, alive: GONE }), [trace]);
    const alive = { containers: new Set([CONTAINER]), networks: new Set([NETWORK]) };
    assert.deepEqual(findTraces(MADE, { facts: all, alive }), []);
    const others = { containers: new Map(), networks: new Map(), images: new Set<string>() };
    assert.deepEqual(findTraces(others, { facts: all, alive: GONE }), []);
  });
}

Deno.test("findTraces() takes no bridge for another whose name begins like it", () => {
  const facts = { ...NOTHING, rules: ["-A FORWARD -o br-dddddddddddd0 -j DOCKER"] };
  assert.deepEqual(findTraces(MADE, { facts, alive: GONE }), []);
});
