import assert from "node:assert/strict";
import type { ContainerEnd } from "../../../src/cage/outcome.ts";
import { decideRunEnd, type EndFacts } from "../../../src/headless/run_end.ts";

const exited = (code: number, oomKilled = false): ContainerEnd => ({
  kind: "exited",
  code,
  oomKilled,
});

const ROWS: readonly [string, Partial<EndFacts>, [state: string, exit: number, RegExp?]][] = [
  ["0 of the agent", { end: exited(0) }, ["done", 0]],
  ["another code of the agent", { end: exited(7), clientCode: 7 }, ["failed", 7, /ended with 7/]],
  ["SIGKILL from somewhere", { end: exited(137), clientCode: 137 }, ["failed", 137, /killed/]],
  ["no memory left", { end: exited(137, true), clientCode: 137 }, [
    "out-of-memory",
    137,
    /limits\.memory: 8g/,
  ]],
  ["a child without memory, and an agent that goes on", { end: exited(0, true) }, ["done", 0]],
  ["a child without memory, and an agent that fails", { end: exited(1, true), clientCode: 1 }, [
    "failed",
    1,
    /after a program of it ran out of memory/,
  ]],
  ["a client that lost its engine", { end: exited(0), clientCode: 1 }, ["cut-off", 4]],
  ["a container that still runs", { end: { kind: "running" }, clientCode: 1 }, ["cut-off", 4]],
  ["a container that is gone", { end: { kind: "absent" }, clientCode: 1 }, ["cut-off", 4]],
  [
    "a container that never ran",
    { end: { kind: "created", error: "no such file" }, clientCode: 1 },
    [
      "failed",
      4,
      /no such file/,
    ],
  ],
  ["stop, whatever the code", { end: exited(143), clientCode: 143, isStopped: true }, [
    "stopped",
    143,
  ]],
  ["a cost over the budget", { end: exited(1), clientCode: 1, costUsd: 2, budgetUsd: 1 }, [
    "over-budget",
    125,
    /\$2\.00 of \$1\.00/,
  ]],
  ["a cost over the budget, and done all the same", {
    end: exited(0),
    costUsd: 2,
    budgetUsd: 1,
  }, ["done", 0]],
  ["a failure below the budget", { end: exited(1), clientCode: 1, costUsd: 0.5, budgetUsd: 1 }, [
    "failed",
    1,
  ]],
  ["over ACP: answered, then ended by force", {
    end: exited(143),
    clientCode: 143,
    driven: { isOk: true, text: "" },
  }, ["done", 0]],
  ["over ACP: refused", { end: exited(0), driven: { isOk: false, text: "refusal" } }, [
    "failed",
    1,
    /refusal/,
  ]],
];

for (const [title, facts, [state, exit, reason]] of ROWS) {
  Deno.test(`the end of a run: ${title}`, () => {
    const found = decideRunEnd({
      end: exited(0),
      clientCode: 0,
      isStopped: false,
      memory: "8g",
      ...facts,
    });
    assert.deepEqual([found.state, found.exit], [state, exit]);
    if (reason !== undefined) assert.match(found.reason!, reason);
  });
}
