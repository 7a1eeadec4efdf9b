import assert from "node:assert/strict";
import { EXIT, UserError } from "../../../src/errors.ts";
import { planRunCommand } from "../../../src/headless/command.ts";
import { builtInServices, resolveService } from "../../../src/service/registry.ts";

const find = (name: string) => resolveService(name, { services: {} });

for (
  const [service, wishes, command] of [
    ["claude", { args: [] }, [
      ...["claude", "-p", "--output-format", "stream-json", "--verbose"],
      "--dangerously-skip-permissions",
    ]],
    ["claude", { args: ["--model", "opus"], budgetUsd: 2.5 }, [
      ...["claude", "-p", "--output-format", "stream-json", "--verbose"],
      ...["--dangerously-skip-permissions", "--max-budget-usd", "2.5", "--model", "opus"],
    ]],
    ["codex", { args: ["-c", "model=x"] }, [
      ...["codex", "exec", "--json", "--skip-git-repo-check"],
      ...["--dangerously-bypass-approvals-and-sandbox", "-c", "model=x"],
    ]],
    ["shell", { args: ["-eu"] }, ["bash", "-eu"]],
  ] as const
) {
  Deno.test(`the command line of ${service} with ${JSON.stringify(wishes)}`, () => {
    assert.deepEqual(planRunCommand(find(service), wishes).command, command);
  });
}

Deno.test("arguments of the configuration come before those that switch permissions off", () => {
  const gemini = resolveService("gemini", { services: { gemini: { args: ["-m", "flash"] } } });
  const { command, format } = planRunCommand(gemini, { args: ["--debug"] });
  assert.deepEqual(command.slice(-4), ["-m", "flash", "--yolo", "--debug"]);
  assert.equal(format, "gemini");
});

Deno.test("no built-in agent gets a prompt on its command line", () => {
  for (const service of builtInServices()) {
    const { command } = planRunCommand(service, { args: [] });
    assert.ok(command.every((word) => !/prompt/.test(word)), command.join(" "));
  }
});

Deno.test("an agent over ACP is asked for permission, and may have a budget", () => {
  const gemini = resolveService("gemini", {
    services: { gemini: { headless: { format: "acp" } } },
  });
  assert.deepEqual(planRunCommand(gemini, { args: [], budgetUsd: 1 }), {
    command: ["gemini", "--acp"],
    format: "acp",
  });
});

for (const name of ["codex", "gemini", "shell"]) {
  Deno.test(`${name} does not say what it costs, and is kept to no budget`, () => {
    assert.throws(
      () => planRunCommand(find(name), { args: [], budgetUsd: 1 }),
      (error) => error instanceof UserError && error.exit === EXIT.usage,
    );
  });
}

Deno.test("an agent that nobody knows how to run alone is refused, with the key to set", () => {
  const mine = resolveService("mine", { services: { mine: { command: ["mine"] } } });
  assert.throws(
    () => planRunCommand(mine, { args: [] }),
    (error) =>
      error instanceof UserError && error.exit === EXIT.config &&
      error.hint!.includes("services.mine.headless.command"),
  );
});
