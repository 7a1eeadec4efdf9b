import assert from "node:assert/strict";
import { chooseTwin, settleNetwork } from "../../../src/cage/egress.ts";
import { fakeEngine } from "./support.ts";

const OLD = { id: "bbb", created: "2026-01-01T00:00:00.000000001Z" };
const NEW = { id: "aaa", created: "2026-01-01T00:00:00.000000002Z" };

/** An engine that holds networks of one name and removes them as docker would. */
function engineWith(networks: (typeof OLD & { inUse?: boolean })[]) {
  let present = [...networks];
  return fakeEngine(([, verb, ...rest]) => {
    if (verb === "ls") return { stdout: present.map(({ id }) => `${id}\n`).join("") };
    if (verb === "inspect") {
      return { stdout: present.map(({ id, created }) => `${id} ${created}\n`).join("") };
    }
    const target = present.find(({ id }) => id === rest[0]);
    if (target?.inUse) return { code: 1, stderr: "has active endpoints" };
    present = present.filter((network) => network !== target);
    return {};
  });
}

/** A clock that moves by `stepMs` each time it is read. */
function clock(stepMs: number): () => number {
  let nowMs = 0;
  return () => (nowMs += stepMs) - stepMs;
}

Deno.test("chooseTwin() keeps the oldest, and of two equally old the same one for everybody", () => {
  assert.equal(chooseTwin([NEW, OLD]), OLD);
  const same = { ...NEW, created: OLD.created };
  assert.equal(chooseTwin([OLD, same]), same);
  assert.equal(chooseTwin([same, OLD]), same);
  assert.equal(chooseTwin([]), undefined);
});

Deno.test("settleNetwork() leaves a single network alone", async () => {
  const { engine, calls } = engineWith([OLD]);
  assert.equal(await settleNetwork("n", { engine, own: OLD.id, nowMs: clock(1) }), true);
  assert.equal(calls.filter((call) => call.startsWith("network rm")).length, 0);
});

Deno.test("settleNetwork() says that there is none", async () => {
  const { engine } = engineWith([]);
  assert.equal(await settleNetwork("n", { engine, nowMs: clock(2000) }), false);
});

Deno.test("settleNetwork() removes the network this process made too late", async () => {
  const { engine, calls } = engineWith([OLD, NEW]);
  assert.equal(await settleNetwork("n", { engine, own: NEW.id, nowMs: clock(1) }), true);
  assert.deepEqual(calls.filter((call) => call.startsWith("network rm")), ["network rm aaa"]);
});

Deno.test("settleNetwork() waits for the other, then removes what a dead client left", async () => {
  const { engine, calls } = engineWith([OLD, NEW]);
  assert.equal(await settleNetwork("n", { engine, own: OLD.id, nowMs: clock(400) }), true);
  assert.deepEqual(calls.filter((call) => call.startsWith("network rm")), ["network rm aaa"]);
});

Deno.test("settleNetwork() gives up on twins that are both in use", async () => {
  const { engine } = engineWith([{ ...OLD, inUse: true }, { ...NEW, inUse: true }]);
  assert.equal(await settleNetwork("n", { engine, nowMs: clock(2000) }), false);
});
