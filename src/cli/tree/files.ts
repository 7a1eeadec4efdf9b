import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands that carry files between the host and cages that have their own. */
export function addFiles(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Files:");
  addDiff(root, wiring);
  addExport(root, wiring);
  addSync(root, wiring);
}

function addDiff(root: CommandUnknownOpts, wiring: Wiring): void {
  const diff = newCommand("diff", {
    summary: "show what a cage would bring back",
    description:
      "Compares the files of a cage with those of the host and lists what export would bring: contents count, not times. What both sides changed is a conflict; then the exit code is 5, else 0, whether or not there are differences. Nothing is changed on either side.",
  })
    .argument("[cage]", "name of the cage; by default the one of the project")
    .option("--full", "the changes line by line, through $SANDCAGE_PAGER, $PAGER or less")
    .option("--stats", "lines added and removed in each file")
    .option("--dir <name>", "one directory of the cage; by default the project")
    .option("--all", "all directories of the cage")
    .option("--output-dir <dir>", "compare with another directory of the host")
    .option("--delete", "as export --delete would do it")
    .option("--include-cache", "caches such as node_modules, too")
    .option("--json", "print JSON")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runDiff } = await import("../commands/diff.ts");
        return await runDiff({
          ...wordsOf(cage, flags, wiring),
          full: flags.full === true,
          stats: flags.stats === true,
          delete: flags.delete === true,
          includeCache: flags.includeCache === true,
          json: flags.json === true,
        }, wiring.context());
      })())
    );
  declare(diff, {
    words: "cage",
    examples: [
      { line: "sandcage diff", about: "what the agent changed" },
      { line: "sandcage diff --full", about: "line by line" },
      { line: "sandcage diff api --all --json", about: "every directory, for programs" },
    ],
  });
  adopt(root, diff);
}

function addExport(root: CommandUnknownOpts, wiring: Wiring): void {
  const command = newCommand("export", {
    summary: "bring the work of a cage back",
    description:
      "Brings what the cage changed to the host: all of it or, when anything goes wrong, nothing. Shows what tools run or trust on sight and asks once. Files that the host's .gitignore or .cageprotect names stay where they are. What both sides changed stays as it is and is listed; then the exit code is 5. Nothing is removed without --delete, and then only what the cage once had and the host has not changed.",
  })
    .argument("[cage]", "name of the cage; by default the one of the project")
    .option("-y, --yes", "do not ask")
    .option("--delete", "remove on the host what the cage removed")
    .option("--protect <pattern...>", "more patterns that stay as they are, this time")
    .option("--dir <name>", "one directory of the cage; by default the project")
    .option("--all", "all directories of the cage")
    .option("--output-dir <dir>", "into another directory of the host")
    .option("--dry-run", "show what would be done, and do nothing")
    .option("--include-cache", "caches such as node_modules, too")
    .option("--stats", "lines added and removed in each file")
    .option("--json", "print JSON")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runExport } = await import("../commands/export.ts");
        return await runExport({
          ...wordsOf(cage, flags, wiring),
          yes: flags.yes === true,
          delete: flags.delete === true,
          protect: flags.protect ?? [],
          dryRun: flags.dryRun === true,
          includeCache: flags.includeCache === true,
          stats: flags.stats === true,
          json: flags.json === true,
        }, wiring.context());
      })())
    );
  declare(command, {
    words: "cage",
    examples: [
      { line: "sandcage export", about: "the project's own cage" },
      { line: "sandcage export -y --delete", about: "without a question, removals too" },
      { line: 'sandcage export --protect "*.md"', about: "all but the texts" },
    ],
  });
  adopt(root, command);
}

function addSync(root: CommandUnknownOpts, wiring: Wiring): void {
  const sync = newCommand("sync", {
    summary: "send what the host changed into a cage",
    description:
      "Sends what changed on the host since both sides were equal into the cage: all of it or nothing. What both sides changed stays as it is and is listed; then the exit code is 5.",
  })
    .argument("[cage]", "name of the cage; by default the one of the project")
    .option("--files <path...>", "only these files and directories")
    .option("-y, --yes", "do not ask")
    .option("--delete", "remove in the cage what the host removed")
    .option("--dir <name>", "one directory of the cage; by default the project")
    .option("--all", "all directories of the cage")
    .option("--include-cache", "caches such as node_modules, too")
    .option("--json", "print JSON")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runSync } = await import("../commands/sync.ts");
        return await runSync({
          ...wordsOf(cage, flags, wiring),
          files: flags.files ?? [],
          yes: flags.yes === true,
          delete: flags.delete === true,
          includeCache: flags.includeCache === true,
          json: flags.json === true,
        }, wiring.context());
      })())
    );
  declare(sync, {
    words: "cage",
    examples: [
      { line: "sandcage sync", about: "all that changed on the host" },
      { line: "sandcage sync --files main.py", about: "one file" },
    ],
  });
  adopt(root, sync);
}

function wordsOf(
  cage: string | undefined,
  flags: { dir?: string; all?: true; outputDir?: string },
  wiring: Wiring,
) {
  const { dir, all, outputDir } = flags;
  return { cage, dir, all: all === true, outputDir, ...wiring.path() };
}
