import assert from "node:assert/strict";
import { formatEvent, formatFacts, judgeInside } from "../../../../tools/demo/report.ts";
import type { Inside } from "../../../../tools/inside.ts";

const HOST = { home: "/home/me", hostname: "laptop", project: "/home/me/p", uid: 1000 };

const ZERO = "0000000000000000";

function inside(change: Partial<Inside> = {}): Inside {
  return {
    uid: 1000,
    gid: 1000,
    hostname: "cage",
    home: "/home/agent",
    status: new Map([
      ["CapInh", ZERO],
      ["CapPrm", ZERO],
      ["CapEff", ZERO],
      ["CapBnd", ZERO],
      ["CapAmb", ZERO],
      ["NoNewPrivs", "1"],
      ["Seccomp", "2"],
    ]),
    env: new Map([["HOME", "/home/agent"], ["PWD", "/home/me/p"]]),
    mounts: [{ target: "/", options: ["ro"], type: "overlay", source: "overlay" }],
    writable: new Map([["/", false], ["/tmp", true], ["/home/agent", true]]),
    limits: { memory: "8589934592", pids: "2048", cpu: "200000 100000" },
    sockets: [],
    homes: [],
    interfaces: ["lo", "eth0"],
    routed: false,
    ...change,
  };
}

Deno.test("judgeInside() finds nothing wrong with a hardened cage", async (t) => {
  const facts = judgeInside(inside(), HOST);
  assert.deepEqual(facts.filter((fact) => !fact.held), []);
  await t.assertSnapshot(formatFacts(facts));
});

const BROKEN: [string, Partial<Inside>][] = [
  ["capabilities", { status: new Map([["CapEff", "00000000a80425fb"]]) }],
  ["root filesystem", { mounts: [] }],
  ["can write", { writable: new Map([["/etc", true]]) }],
  ["user inside", { uid: 0 }],
  ["environment", { env: new Map([["X", "/home/me/.ssh"]]) }],
  ["hostname", { hostname: "laptop" }],
  ["engine socket", { sockets: ["/var/run/docker.sock"] }],
  ["limits", { limits: { memory: "max", pids: "max", cpu: "max 100000" } }],
  ["network", { interfaces: ["lo", "docker0"] }],
  ["network", { routed: true }],
];

for (const [what, change] of BROKEN) {
  Deno.test(`judgeInside() sees when ${what} does not hold`, () => {
    const failed = judgeInside(inside(change), HOST).filter((fact) => !fact.held);
    assert.ok(failed.map((fact) => fact.what).includes(what), formatFacts(failed));
  });
}

for (
  const [line, want] of [
    ['{"type":"system","subtype":"init","model":"claude"}', "model claude"],
    [
      '{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Write","input":{"file_path":"/p/a"}}]}}',
      "Write(/p/a)",
    ],
    ['{"type":"assistant","message":{"content":[{"type":"text","text":"Done."}]}}', "Done."],
    ['{"type":"result"}', undefined],
    ["not JSON", undefined],
  ] as const
) {
  Deno.test(`formatEvent() says ${JSON.stringify(want)}`, () => {
    assert.equal(formatEvent(line), want);
  });
}
