import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../../errors.ts";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";
import { addLaunch } from "./launch.ts";

/** Adds the commands about agents that work without a terminal. */
export function addHeadless(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Without a terminal:");
  addLaunch(root, wiring);
  addLogs(root, wiring);
  addWatch(root, wiring);
}

function addLogs(root: CommandUnknownOpts, wiring: Wiring): void {
  const logs = newCommand("logs", {
    summary: "show what a launched agent did",
    description:
      "Shows what the agent of the last launch did, one event after the other: INIT, THINKING, TOOL, RESULT, TEXT, MESSAGE, NOTE and DONE with cost and duration. With -f it goes on until the run has ended, and ends with 0; a run that was launched meanwhile is followed, too. What an agent says cannot act on the terminal.",
  })
    .argument("[cage]", "the cage; by default the one of this project launched last")
    .option("-f, --follow", "go on until the run has ended")
    .option("-n, --lines <count>", "only the last ones of what is there")
    .option("--run <id>", "another run than the last, by the start of its id")
    .option("--raw", "what the agent wrote, byte for byte")
    .option("--json", "print JSON lines")
    .action((cage, flags) =>
      wiring.end((async () => {
        if (flags.raw === true && flags.json === true) throw contradiction("--raw", "--json");
        const { runLogs } = await import("../commands/logs.ts");
        const context = wiring.context();
        await runLogs({
          cage,
          run: flags.run,
          lines: flags.lines,
          follow: flags.follow === true,
          form: flags.raw === true ? "raw" : flags.json === true ? "json" : "pretty",
          ...wiring.path(),
        }, context);
        context.signals?.signal.throwIfAborted();
      })())
    );
  declare(logs, {
    words: "cage",
    examples: [
      { line: "sandcage logs -f", about: "watch the agent of this project at work" },
      { line: "sandcage logs web -n 20", about: "how it goes in a cage of that name" },
      { line: "sandcage logs --json | jq 'select(.kind == \"done\")'", about: "its last word" },
    ],
  });
  adopt(root, logs);
}

function addWatch(root: CommandUnknownOpts, wiring: Wiring): void {
  const watch = newCommand("watch", {
    summary: "watch all cages at work",
    description:
      "Shows every cage in one table and keeps it up to date: service, state, what its agent did last, what that cost and how many requests were blocked. q or Ctrl-C ends it. Without a terminal it prints the table once.",
  })
    .option("--once", "print the table and end")
    .option("--json", "print it once, as JSON")
    .action((flags) =>
      wiring.end((async () => {
        const { runWatch } = await import("../commands/watch.ts");
        const options = { once: flags.once === true, json: flags.json === true };
        return await runWatch(options, wiring.context());
      })())
    );
  declare(watch, {
    examples: [
      { line: "sandcage watch", about: "all cages, live" },
      { line: "sandcage watch --json | jq '.[] | select(.blocked > 0)'", about: "who was refused" },
    ],
  });
  adopt(root, watch);
}

function contradiction(one: string, other: string): UserError {
  return new UserError(`${one} and ${other} contradict each other`, {
    hint: "Give one",
    exit: EXIT.usage,
    code: "usage",
  });
}
