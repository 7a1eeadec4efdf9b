import assert from "node:assert/strict";
import { describeEnd } from "../../../../src/cli/commands/attach.ts";
import { formatTarget } from "../../../../src/cli/desk_request.ts";

const NAMES = { title: "api", target: "api" };

for (
  const [end, code, words] of [
    [{ kind: "detached" }, 0, /goes on without you.*sandcage attach api/],
    [{ kind: "ended" }, 0, /has ended; its files are kept/],
    [{ kind: "left" }, 143, /goes on/],
    [{ kind: "failed", code: 126 }, 126, /Could not attach/],
  ] as const
) {
  Deno.test(`a terminal that ${end.kind} ends with ${code} and says what goes on`, () => {
    const described = describeEnd(end, NAMES);
    assert.equal(described.code, code);
    assert.match(described.note, words);
  });
}

Deno.test("the way back is the cage's name, or the agent of a project without one", () => {
  assert.equal(formatTarget({}, "api"), "api");
  assert.equal(formatTarget({ cage: "ap" }, "api"), "api");
  assert.equal(formatTarget({ cage: "api", service: "codex" }, "api"), "api");
  assert.equal(formatTarget({ service: "codex" }, "x-1a2b3c"), "--service codex");
});
