import assert from "node:assert/strict";
import fc from "fast-check";
import { judgeHost } from "../../../../src/verify/container/inspect.ts";
import { judgeLoads, type Loads, parseLoads } from "../../../../src/verify/container/loads.ts";

const HELD: Loads = {
  few: { count: 10, stopped: null },
  many: { count: 90, stopped: "EAGAIN" },
  little: 0,
  much: 9,
  disk: 9,
};

Deno.test("limits that are met are held", () => {
  const found = judgeLoads(parseLoads(JSON.stringify(HELD)), { slowestMs: 120 });
  assert.deepEqual([found.held, found.control, found.evidence], [true, true, []]);
});

for (
  const [what, change, slowestMs] of [
    ["processes have no limit", { many: { count: 192, stopped: null } }, 0],
    ["memory has none", { much: 0 }, 0],
    ["a folder takes everything", { disk: 0 }, 0],
    ["the engine is out of reach", {}, 9_000],
  ] as const
) {
  Deno.test(`they are not when ${what}`, () => {
    const found = judgeLoads({ ...HELD, ...change }, { slowestMs });
    assert.deepEqual([found.held, found.evidence.length], [false, 1]);
  });
}

Deno.test("a container in which nothing runs proves nothing", () => {
  const few = { count: 0, stopped: "EAGAIN" };
  assert.equal(judgeLoads({ ...HELD, few }, { slowestMs: 0 }).control, false);
  assert.equal(judgeLoads({ ...HELD, little: 9 }, { slowestMs: 0 }).control, false);
});

Deno.test("whatever else is printed is no proof", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    assert.throws(() => parseLoads(text), /said/);
  }));
});

const HOST = {
  Privileged: false,
  ReadonlyRootfs: true,
  CapAdd: null,
  Devices: [],
  NetworkMode: "sandcage-egress",
  LogConfig: { Type: "none" },
};

for (
  const [what, change] of [
    ["privileged", { Privileged: true }],
    ["a capability", { CapAdd: ["SYS_ADMIN"] }],
    ["a device", { Devices: [{ PathOnHost: "/dev/kvm" }] }],
    ["the host's processes", { PidMode: "host" }],
    ["the host's network", { NetworkMode: "host" }],
    ["a log", { LogConfig: { Type: "json-file" } }],
    ["a system that can be written", { ReadonlyRootfs: false }],
  ] as const
) {
  Deno.test(`the engine's record is judged: ${what}`, () => {
    assert.deepEqual(judgeHost(HOST), []);
    assert.equal(judgeHost({ ...HOST, ...change }).length, 1);
  });
}
