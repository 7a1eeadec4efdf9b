import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands of cages whose commits land by themselves. */
export function addPromote(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Promotion:");
  for (const make of [newVisit, newPromote, newClear, newLog, newDaemon]) adopt(root, make(wiring));
}

function newVisit(wiring: Wiring): CommandUnknownOpts {
  const visit = newCommand("visit", {
    summary: "open the terminal of a cage; the same as attach",
    description:
      "Opens the terminal of a cage, which is started when it does not run: another word for attach.",
  })
    .argument("[cage]", "name of the cage; by default the one of the project")
    .option("--service <service>", "another agent than the cage was made with")
    .action((cage, { service }) =>
      wiring.end((async () => {
        const { runAttach } = await import("../commands/attach.ts");
        return await runAttach({
          ...(cage === undefined ? {} : { cage }),
          ...(service === undefined ? {} : { service }),
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(visit, {
    words: "cage",
    examples: [{ line: "sandcage visit", about: "the cage of this project" }],
  });
  return visit;
}

function newPromote(wiring: Wiring): CommandUnknownOpts {
  const promote = newCommand("promote", {
    summary: "land the commits of a cage now",
    description:
      "Lands what is committed in a cage of mode promote on the branch it is bound to, under your name, or says why it waits (exit code 5). At a terminal it looks again until it has landed. A running cage does all of this by itself.",
  })
    .argument("[cage]", "cage of mode promote; by default the one of the project")
    .option("--dry-run", "say what would land, and land nothing")
    .option("--to <branch>", "put all its commits on a new branch instead")
    .option("--once", "look once, also at a terminal")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runPromote } = await import("../commands/promote.ts");
        return await runPromote({
          cage,
          dryRun: flags.dryRun === true,
          once: flags.once === true,
          to: flags.to,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(promote, {
    words: "cage",
    examples: [
      { line: "sandcage promote --dry-run", about: "what would land" },
      { line: "sandcage promote --to review", about: "as a branch, whatever stands in the way" },
    ],
  });
  return promote;
}

function newClear(wiring: Wiring): CommandUnknownOpts {
  const clear = newCommand("clear", {
    summary: "bring a cage's commits out, then let go of the branch",
    description:
      "Stops a cage of mode promote, lands what it has committed, and removes its work. Image and configuration stay; the next start takes a snapshot of the branch you are on then. Refuses, with exit code 5, when commits wait or files are in no commit.",
  })
    .argument("[cage]", "cage of mode promote; by default the one of the project")
    .option("--discard-pending", "whatever waits in it is lost")
    .action((cage, { discardPending }) =>
      wiring.end((async () => {
        const { runClear } = await import("../commands/clear.ts");
        const options = { cage, discardPending: discardPending === true, ...wiring.path() };
        return await runClear(options, wiring.context());
      })())
    );
  declare(clear, {
    words: "cage",
    examples: [{ line: "sandcage clear && git switch next && sandcage start", about: "move on" }],
  });
  return clear;
}

function newLog(wiring: Wiring): CommandUnknownOpts {
  const log = newCommand("log", {
    summary: "show what became of the commits of a cage",
    description: "Prints what landed, what waited and why, oldest first.",
  })
    .argument("[cage]", "cage of mode promote; by default the one of the project")
    .option("-f, --follow", "wait for more")
    .action((cage, { follow }) =>
      wiring.end((async () => {
        const { runLog } = await import("../commands/log.ts");
        const options = { cage, follow: follow === true, ...wiring.path() };
        return await runLog(options, wiring.context());
      })())
    );
  declare(log, {
    words: "cage",
    examples: [{ line: "sandcage log -f", about: "as it happens" }],
  });
  return log;
}

function newDaemon(wiring: Wiring): CommandUnknownOpts {
  const daemon = newCommand("promote-daemon", { summary: "bring the commits of a cage out" })
    .argument("<cage>", "id of the cage")
    .requiredOption("--log <file>", "file for what keeps it from starting")
    .action((cage, { log }) =>
      wiring.end((async () => {
        const { runPromoteDaemon } = await import("../commands/promote_daemon.ts");
        return await runPromoteDaemon({ cage, log }, wiring.context());
      })())
    );
  declare(daemon, { hidden: true, examples: [] });
  return daemon;
}
