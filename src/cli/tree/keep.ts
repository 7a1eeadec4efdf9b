import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands that keep, bring back, take out and clean what is in a cage. */
export function addKeep(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Files:");
  const makers = [newPatch, newCheckpoint, newCheckpoints, newRestore, newTidy, newSalvage];
  for (const make of makers) adopt(root, make(wiring));
}

function newPatch(wiring: Wiring): CommandUnknownOpts {
  const patch = newCommand("patch", {
    summary: "take the commits of a cage out as patches",
    description:
      "Makes a patch of every commit of the branch inside that is ahead of the base, with git inside, and prints their paths. Nothing is applied here: git am does that. Ends with 0 when nothing is ahead, with 2 when the base is no commit inside. Merges have no patch.",
  })
    .argument("[cage]", "cage with files of its own")
    .option("--base <ref>", "branch, tag or commit inside; by default what it began with")
    .option("--output-dir <dir>", "by default .sandcage-patches/NAME in the current directory")
    .option("--stdout", "print them, one after the other")
    .action((cage, { base, outputDir, stdout }) =>
      wiring.end((async () => {
        const { runPatch } = await import("../commands/patch.ts");
        return await runPatch({
          cage,
          base,
          outputDir,
          stdout: stdout === true,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(patch, {
    words: "cage",
    examples: [
      { line: "sandcage patch", about: "what the agent committed" },
      { line: "sandcage patch --stdout | git am", about: "onto the branch of here" },
      { line: "sandcage patch try --base main", about: "what is ahead of main inside" },
    ],
  });
  return patch;
}

function newCheckpoint(wiring: Wiring): CommandUnknownOpts {
  const checkpoint = newCommand("checkpoint", {
    summary: "keep all files of a cage as they are now",
    description:
      "Keeps everything below /work of a cage under a name, on its engine: repositories, modes, ignored files and caches too; not its home. Prints the name.",
  })
    .argument("[name]", "letters, digits and . _ -; by default the time")
    .option("-c, --cage <cage>", "by default the cage of the project")
    .action((name, { cage }) =>
      wiring.end((async () => {
        const { runCheckpoint } = await import("../commands/checkpoint.ts");
        await runCheckpoint({ name, cage, ...wiring.path() }, wiring.context());
      })())
    );
  declare(checkpoint, {
    examples: [
      { line: "sandcage checkpoint before-rewrite", about: "of the project's own cage" },
      { line: "sandcage checkpoint --cage try", about: "named by the time" },
    ],
  });
  return checkpoint;
}

function newCheckpoints(wiring: Wiring): CommandUnknownOpts {
  const checkpoints = newCommand("checkpoints", {
    summary: "list the checkpoints of a cage",
    description: "Lists the checkpoints of a cage, the oldest first.",
  })
    .option("-c, --cage <cage>", "by default the cage of the project")
    .option("--remove <name>", "remove this one, and list what stays")
    .option("--json", "print JSON")
    .action(({ cage, remove, json }) =>
      wiring.end((async () => {
        const { runCheckpoints } = await import("../commands/checkpoints.ts");
        const options = { cage, remove, json: json === true, ...wiring.path() };
        await runCheckpoints(options, wiring.context());
      })())
    );
  declare(checkpoints, {
    examples: [
      { line: "sandcage checkpoints", about: "of the project's own cage" },
      { line: "sandcage checkpoints --remove before-rewrite", about: "frees its space" },
    ],
  });
  return checkpoints;
}

function newRestore(wiring: Wiring): CommandUnknownOpts {
  const restore = newCommand("restore", {
    summary: "bring the files of a cage back to a checkpoint",
    description:
      "Brings everything below /work of a cage back to what it was. What is there now becomes the checkpoint before-restore-TIME first. Refuses, with exit code 5, while something runs in the cage. Nothing changes on this machine.",
  })
    .argument("<name>", "checkpoint")
    .option("-c, --cage <cage>", "by default the cage of the project")
    .option("-y, --yes", "do not ask")
    .action((name, { cage, yes }) =>
      wiring.end((async () => {
        const { runRestore } = await import("../commands/restore.ts");
        const options = { name, cage, yes: yes === true, ...wiring.path() };
        return await runRestore(options, wiring.context());
      })())
    );
  declare(restore, {
    examples: [
      { line: "sandcage restore before-rewrite", about: "asks first" },
      { line: "sandcage restore before-rewrite --cage try -y", about: "without a question" },
    ],
  });
  return restore;
}

function newTidy(wiring: Wiring): CommandUnknownOpts {
  const tidy = newCommand("tidy", {
    summary: "remove caches inside a cage",
    description:
      "Removes .mypy_cache, .pytest_cache, .ruff_cache and __pycache__ in all directories of a cage, or what --paths names in one, and prints what went. Nothing changes on this machine.",
  })
    .argument("[cage]", "cage with files of its own")
    .option("--paths <path...>", "these below the directory, in place of caches; no wildcards")
    .option("--dir <name>", "one directory of the cage; with --paths by default the project")
    .option("--dry-run", "show what would go")
    .option("--json", "print JSON")
    .action((cage, { paths, dir, dryRun, json }) =>
      wiring.end((async () => {
        const { runTidy } = await import("../commands/tidy.ts");
        await runTidy({
          cage,
          paths: paths ?? [],
          dir,
          dryRun: dryRun === true,
          json: json === true,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(tidy, {
    words: "cage",
    examples: [
      { line: "sandcage tidy --dry-run", about: "what would go" },
      { line: "sandcage tidy try --paths build", about: "this, and no caches" },
    ],
  });
  return tidy;
}

function newSalvage(wiring: Wiring): CommandUnknownOpts {
  const salvage = newCommand("salvage", {
    summary: "get everything out of a cage that is broken",
    description:
      "Writes all files of a cage to a fresh directory: every directory of it, ignored files and caches too, and each .git untouched in DIR.git.tar beside its directory. Needs neither the project nor a valid configuration nor the cage's image or record: its volume is enough. Overwrites nothing. Lists what could not be taken; then the exit code is 5.",
  })
    .argument("[cage]", "name or id of a cage, or the name of its volume")
    .option("-y, --yes", "do not ask")
    .option("--output-dir <dir>", "by default NAME-salvage in the current directory")
    .option("--json", "print JSON")
    .action((cage, { yes, outputDir, json }) =>
      wiring.end((async () => {
        const { runSalvage } = await import("../commands/salvage.ts");
        return await runSalvage({
          cage,
          yes: yes === true,
          outputDir,
          json: json === true,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(salvage, {
    words: "cage",
    examples: [
      { line: "sandcage salvage try", about: "to ./try-salvage" },
      { line: "sandcage salvage sandcage-work-try-1a2b3c", about: "by its volume alone" },
    ],
  });
  return salvage;
}
