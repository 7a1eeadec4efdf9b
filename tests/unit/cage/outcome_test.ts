import assert from "node:assert/strict";
import { decideOutcome, parseContainerEnd } from "../../../src/cage/outcome.ts";
import { EXIT, UserError } from "../../../src/errors.ts";

const session = { clientCode: 1, service: "claude", memory: "8g", ports: ["3000"] };

for (
  const [name, state, want] of [
    ["no container", undefined, { kind: "absent" }],
    ["a container that never started", { Status: "created", Error: "no" }, {
      kind: "created",
      error: "no",
    }],
    ["a running one", { Status: "running", ExitCode: 0 }, { kind: "running" }],
    ["a paused one", { Status: "paused", ExitCode: 0 }, { kind: "running" }],
    ["an exit code", { Status: "exited", ExitCode: 255, OOMKilled: false }, {
      kind: "exited",
      code: 255,
      oomKilled: false,
    }],
    ["an out-of-memory kill", { Status: "exited", ExitCode: 137, OOMKilled: true }, {
      kind: "exited",
      code: 137,
      oomKilled: true,
    }],
  ] as const
) {
  Deno.test(`parseContainerEnd() reads ${name}`, () => {
    assert.deepEqual(parseContainerEnd(state), want);
  });
}

for (const code of [0, 1, 2, 7, 125, 126, 127, 130, 137, 143, 255]) {
  Deno.test(`decideOutcome() passes the agent's own code ${code} through`, () => {
    assert.deepEqual(decideOutcome({ kind: "exited", code, oomKilled: false }, session), { code });
  });
}

Deno.test("decideOutcome() says which limit an out-of-memory kill ran into", () => {
  assert.deepEqual(decideOutcome({ kind: "exited", code: 137, oomKilled: true }, session), {
    code: 137,
    note: "claude ran out of memory (limits.memory: 8g)",
  });
});

for (
  const [name, end, exit, code] of [
    ["nothing was created", { kind: "absent" }, EXIT.engine, "engine-failed"],
    [
      "the engine refused to start",
      { kind: "created", error: "no space" },
      EXIT.engine,
      "engine-failed",
    ],
    [
      "a port is taken",
      { kind: "created", error: "Bind for 127.0.0.1:3000 failed: port is already allocated" },
      EXIT.conflict,
      "port-in-use",
    ],
  ] as const
) {
  Deno.test(`decideOutcome() is sandcage's own error when ${name}`, () => {
    assert.throws(() => decideOutcome(end, session), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.exit, error.code], [exit, code]);
      return true;
    });
  });
}
