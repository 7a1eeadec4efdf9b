import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands of cages that run on by themselves, and the one that holds them. */
export function addDesk(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Cages:");
  const attach = newCommand("attach", {
    summary: "open the terminal of a long-lived cage",
    description:
      "Opens tmux in a cage: agent, editor and shell, as attach.layout says. Starts the cage when it does not run. The prefix and d (Ctrl-a d) leave it running; attaching again finds the same panes. The agent asks for no permission: the cage is what holds it.",
  })
    .argument("[cage]", "name of the cage; by default the one of the project")
    .option("--service <service>", "another agent than the cage was made with")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runAttach } = await import("../commands/attach.ts");
        return await runAttach(wordsOf(cage, flags, wiring), wiring.context());
      })())
    );
  declare(attach, {
    words: "cage",
    examples: [
      { line: "sandcage attach", about: "the cage of this project" },
      { line: "sandcage attach api", about: "a cage by its name" },
      { line: "sandcage attach --service codex", about: "a project that is mounted, with codex" },
    ],
  });
  const start = newCommand("start", {
    summary: "have a long-lived cage run without a terminal",
    description:
      "Starts the panes of a cage and returns when they can be attached to. They run until sandcage stop, whatever becomes of this terminal. In mode promote it makes the cage when there is none, bound to the branch you are on.",
  })
    .argument("[cage]", "name of the cage; by default the one of the project")
    .option("--service <service>", "another agent than the cage was made with")
    .option("--selftest", "then prove on this machine what it promises")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runStart } = await import("../commands/start.ts");
        const words = { ...wordsOf(cage, flags, wiring), selftest: flags.selftest === true };
        return await runStart(words, wiring.context());
      })())
    );
  declare(start, {
    words: "cage",
    examples: [{ line: "sandcage start api", about: "ready for sandcage attach api" }],
  });
  const hold = newCommand("hold", { summary: "keep a long-lived cage running" })
    .argument("<service>", "name of the service")
    .option("--name <cage>", "name of the cage")
    .requiredOption("--title <text>", "what people call the cage")
    .option("--size <columns>x<rows>", "size of the terminal that will attach")
    .option("--mark <text>", "what the last stop of the cage said")
    .requiredOption("--log <file>", "file for what it has to say")
    .action((service, flags) =>
      wiring.end((async () => {
        const { runHold } = await import("../commands/hold.ts");
        return await runHold({ service, ...flags, ...wiring.path() }, wiring.context());
      })())
    );
  declare(hold, { hidden: true, examples: [] });
  for (const command of [attach, start, hold]) adopt(root, command);
}

function wordsOf(
  cage: string | undefined,
  flags: { service?: string | undefined },
  wiring: Wiring,
) {
  return {
    ...(cage === undefined ? {} : { cage }),
    ...(flags.service === undefined ? {} : { service: flags.service }),
    ...wiring.path(),
  };
}
