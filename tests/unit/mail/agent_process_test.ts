import assert from "node:assert/strict";
import { findAgentProcess, parseTop } from "../../../src/mail/agent_process.ts";

const HEADER = "    PID    PPID STAT COMMAND\n";
const INIT = "   4001    3980 Ss   /sbin/docker-init -- /opt/cage/bin/cage-entry claude -p\n";

const CASES: [string, string, readonly string[], string][] = [
  [
    "a program of its name",
    "4020 4001 Sl+ claude -p --output-format stream-json",
    ["claude"],
    "alive",
  ],
  [
    "a script that Node runs",
    "4020 4001 Sl /opt/cage/node/bin/node --flag /opt/cage/agents/bin/gemini -y",
    ["gemini"],
    "alive",
  ],
  ["its script in its own folder", "4020 4001 Sl node /opt/cage/agents/codex/lib/x.js exec", [
    "codex",
  ], "alive"],
  [
    "tail of a file of its name",
    "4020 4001 S tail -f /home/agent/.cage/claude",
    ["claude"],
    "absent",
  ],
  [
    "a shell that speaks of it",
    "4020 4001 S bash -c while true; do echo claude; done",
    ["claude"],
    "absent",
  ],
  [
    "one that has ended and was not waited for",
    "4020 4001 Z [claude] <defunct>",
    ["claude"],
    "zombie",
  ],
  [
    "one that has ended beside one that lives",
    "4020 4001 Z [claude] <defunct>\n4021 4001 S claude",
    ["claude"],
    "alive",
  ],
  ["whatever the container was started for", "4020 4001 S sleep 1000", [], "alive"],
  ["nothing but what somebody else started", "4030 4020 S sleep 1000", [], "absent"],
  ["nothing", "", ["claude"], "absent"],
];
for (const [name, rows, names, state] of CASES) {
  Deno.test(`an agent is ${state} for ${name}`, () => {
    const found = findAgentProcess(parseTop(`${HEADER}${INIT}${rows}\n`), names);
    assert.equal(found.state, state);
  });
}

Deno.test("an agent is unknown where the engine lists nothing", () => {
  assert.deepEqual(findAgentProcess(parseTop(""), ["claude"]), { state: "unknown" });
});
