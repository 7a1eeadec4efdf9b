import assert from "node:assert/strict";
import { parseSize, planDesk, planDeskAttach } from "../../../src/desk/desk.ts";
import { defaultConfig } from "../../../src/config/defaults.ts";
import { resolveService } from "../../../src/service/registry.ts";

const { attach } = defaultConfig();

for (
  const [service, command] of [
    ["claude", ["claude", "--dangerously-skip-permissions"]],
    ["codex", ["codex", "--dangerously-bypass-approvals-and-sandbox"]],
    ["gemini", ["gemini", "--yolo"]],
    ["shell", ["bash"]],
  ] as const
) {
  Deno.test(`planDesk() has ${service} ask for no permission`, () => {
    const line = planDesk(attach, {
      service: resolveService(service, { services: {} }),
      title: "api",
    });
    assert.deepEqual(line, [
      "/opt/cage/bin/cage-desk",
      ...["open", "api", "C-a", "ide", "nvim", "bash", "200", "50"],
      ...command,
    ]);
  });
}

Deno.test("planDesk() follows the configuration and the terminal", () => {
  const line = planDesk({ prefix: "C-b", layout: "split", editor: "nano", shell: "zsh" }, {
    service: resolveService("claude", {
      services: { claude: { args: ["--verbose"], bypass: [] } },
    }),
    title: "a b",
    size: { columns: 80, rows: 24 },
  });
  assert.deepEqual(line.slice(2), [
    ...["a b", "C-b", "split", "nano", "zsh", "80", "24", "claude", "--verbose"],
  ]);
});

Deno.test("planDeskAttach() passes the terminal on and leaves Ctrl-P alone", () => {
  const args = planDeskAttach("cage-1", { id: "00ff", env: { TERM: "foot" } });
  assert.deepEqual(args, [
    "exec",
    "--interactive",
    "--tty",
    "--detach-keys=ctrl-^,ctrl-^,ctrl-^,ctrl-^",
    "--env",
    "TERM=foot",
    "cage-1",
    "/opt/cage/bin/cage-desk",
    "attach",
    "00ff",
  ]);
});

for (
  const [text, size] of [
    ["80x24", { columns: 80, rows: 24 }],
    ["1x24", undefined],
    ["80", undefined],
    ["80x24x2", undefined],
    ["-1x5", undefined],
    ["99999x5", undefined],
  ] as const
) {
  Deno.test(`parseSize() reads ${text} as ${size === undefined ? "nothing" : "a size"}`, () => {
    assert.deepEqual(parseSize(text), size);
  });
}
