import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the command that has an agent work alone. */
export function addLaunch(root: CommandUnknownOpts, wiring: Wiring): void {
  const launch = newCommand("launch", {
    summary: "have an agent work on a prompt, without a terminal",
    description:
      "Starts an agent that works on a prompt alone, asking for no permission: the cage is what holds it. It goes on when this terminal is closed; Ctrl-C ends it. What it does is shown until it has ended, and kept: sandcage logs. Its messages come by outbox, yours go by inbox. -p is the prompt here, --path the project.\n\nEnds with the exit code of the agent, or 124 after --timeout, 125 over --budget, 137 out of memory, 143 stopped, 130 after Ctrl-C, 4 when the engine went away, 5 when an agent is at work there already.",
  })
    .usage("[cage] -p TEXT [options] [-- ARGS…]")
    .argument("[cage]", "name of the cage; by default the one of the project")
    .option("-p, --prompt <text>", "what it is to do")
    .option("--prompt-file <file>", "the same, from a file; - is stdin")
    .option("--test", "only see whether it starts and answers, and what is missing")
    .option("--service <service>", "another agent than the cage was made with")
    .option("--background", "return as soon as it runs; prints the id of the run")
    .option("--no-inject-messaging", "tell it nothing of messages, and open no mailbox")
    .option("--timeout <duration>", "end it after this time, such as 90s, 30m or 2h")
    .option("--budget <usd>", "end it when it says that it cost more")
    .option("--json", "print JSON lines")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runLaunch } = await import("../commands/launch.ts");
        return await runLaunch({
          cage,
          prompt: flags.prompt,
          promptFile: flags.promptFile,
          service: flags.service,
          background: flags.background === true,
          isTest: flags.test === true,
          injectMessaging: flags.injectMessaging,
          timeout: flags.timeout,
          budget: flags.budget,
          json: flags.json === true,
          args: wiring.rest(),
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(launch, {
    passesArguments: true,
    words: "cage",
    examples: [
      { line: 'sandcage launch -p "fix the failing test"', about: "here, and watch" },
      {
        line: "sandcage launch web --prompt-file plan.md --background --timeout 2h",
        about: "in a cage of its own",
      },
      { line: "sandcage launch --test --service codex", about: "can it work at all?" },
    ],
  });
  adopt(root, launch);
}
