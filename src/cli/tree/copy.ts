import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands that make, look at and remove cages with files of their own. */
export function addCopy(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Cages:");
  for (const make of [newCreate, newExists, newStatus, newRename]) adopt(root, make(wiring));
}

/** Adds those that change or remove one. */
export function addCopyChanges(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Cages:");
  for (const make of [newAddDir, newRemoveDir, newRebuildImage, newDestroy]) {
    adopt(root, make(wiring));
  }
}

function newCreate(wiring: Wiring): CommandUnknownOpts {
  const create = newCommand("create", {
    summary: "make a cage with files of its own",
    description:
      "Makes a cage that has a copy of a project, and opens it. Nothing it does reaches the project until you export it. A URL is cloned on this machine first; remotes, credentials and hooks never enter. Without a URL it is the project of the current directory or of --dir.",
  })
    .argument("[url]", "repository to clone: https, ssh, file, or a path")
    .option("--dir <path>", "directory whose project is copied, in place of a URL")
    .option("--name <name>", "name of the cage; by default that of the repository or directory")
    .option("--service <service>", "service it opens; by default the first enabled one")
    .option(
      "--add-dir <path>",
      "directory to copy in beside the project; may be repeated",
      collect,
    )
    .option("--dockerfile <file>", "Dockerfile to build on, FROM sandcage/base")
    .option("--auth-mode <mode>", "api_key, the default, or subscription: copy the login of here")
    .option("--no-attach", "do not open it")
    .action((url, flags) =>
      wiring.end((async () => {
        const { runCreate } = await import("../commands/create.ts");
        return await runCreate({
          url,
          dir: flags.dir,
          name: flags.name,
          service: flags.service,
          dirs: flags.addDir ?? [],
          dockerfile: flags.dockerfile,
          authMode: flags.authMode,
          attach: flags.attach,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(create, {
    examples: [
      { line: "sandcage create https://host.example/Hello-World", about: "named hello-world" },
      { line: "sandcage create --dir . --no-attach", about: "this project, for later" },
      { line: "sandcage create --add-dir ../lib --name try", about: "with a library beside it" },
    ],
  });
  return create;
}

function newExists(wiring: Wiring): CommandUnknownOpts {
  const exists = newCommand("exists", {
    summary: "say by the exit code whether a cage exists",
    description: "Ends with 0 when a cage has this name, with 1 when none has. Prints nothing.",
  })
    .argument("<name>", "name of the cage")
    .action((name) =>
      wiring.end((async () => {
        const { runExists } = await import("../commands/exists.ts");
        return await runExists(name, wiring.context());
      })())
    );
  declare(exists, {
    words: "cage",
    examples: [{
      line: "sandcage exists try || sandcage create --name try",
      about: "make it once",
    }],
  });
  return exists;
}

function newStatus(wiring: Wiring): CommandUnknownOpts {
  const status = newCommand("status", {
    summary: "show how things stand with a cage, and what to do next",
    description:
      "Shows engine, state, sessions, directories with what changed on either side, the repository inside, checkpoints, and the next step. Without a name it is the cage of this project.",
  })
    .argument("[cage]", "cage with files of its own")
    .option("--json", "print JSON")
    .action((cage, { json }) =>
      wiring.end((async () => {
        const { runStatus } = await import("../commands/status.ts");
        const options = { cage, json: json === true, ...wiring.path() };
        return await runStatus(options, wiring.context());
      })())
    );
  declare(status, {
    words: "cage",
    examples: [
      { line: "sandcage status", about: "the cage of this project" },
      { line: "sandcage status try --json | jq '.dirs[].pending'", about: "what differs" },
    ],
  });
  return status;
}

function newRename(wiring: Wiring): CommandUnknownOpts {
  const rename = newCommand("rename", {
    summary: "give a cage another name",
    description: "Gives a cage another name, also while it runs. Nothing of it moves.",
  })
    .argument("<old>", "cage with files of its own")
    .argument("<new>", "its new name")
    .action((from, to) =>
      wiring.end((async () => {
        const { runRename } = await import("../commands/rename.ts");
        return await runRename({ from, to }, wiring.context());
      })())
    );
  declare(rename, {
    words: "cage",
    examples: [{ line: "sandcage rename try review", about: "try is called review now" }],
  });
  return rename;
}

function newAddDir(wiring: Wiring): CommandUnknownOpts {
  const addDir = newCommand("add-dir", {
    summary: "copy a directory into a cage, beside its project",
    description:
      "Copies a directory into a cage, to /work/NAME. What runs in the cage sees it at once.",
  })
    .argument("<cage>", "cage with files of its own")
    .argument("<path>", "directory on this machine")
    .option("--name <name>", "its name inside; by default its own in lower case")
    .action((cage, dir, { name }) =>
      wiring.end((async () => {
        const { runAddDir } = await import("../commands/add_dir.ts");
        return await runAddDir({ cage, dir, name }, wiring.context());
      })())
    );
  declare(addDir, {
    words: "cage",
    examples: [{ line: "sandcage add-dir try ../lib --name shared", about: "at /work/shared" }],
  });
  return addDir;
}

function newRemoveDir(wiring: Wiring): CommandUnknownOpts {
  const removeDir = newCommand("remove-dir", {
    summary: "take a directory out of a cage",
    description:
      "Removes an additional directory from a cage; on this machine it stays as it is. Refuses, with exit code 5, when something in it did not come out.",
  })
    .argument("<cage>", "cage with files of its own")
    .argument("<name>", "name of the directory inside")
    .option("-y, --yes", "do not ask")
    .option("--force", "even with changes that did not come out")
    .action((cage, dir, { yes, force }) =>
      wiring.end((async () => {
        const { runRemoveDir } = await import("../commands/remove_dir.ts");
        const options = { cage, dir, yes: yes === true, force: force === true };
        return await runRemoveDir(options, wiring.context());
      })())
    );
  declare(removeDir, {
    words: "cage",
    examples: [{ line: "sandcage remove-dir try shared -y", about: "without a question" }],
  });
  return removeDir;
}

function newRebuildImage(wiring: Wiring): CommandUnknownOpts {
  const rebuild = newCommand("rebuild-image", {
    summary: "build what a cage runs in again, from nothing",
    description:
      "Builds the images of a cage's service again without any cache, and prints the last one's reference. What runs keeps its old image until it is started again. Without a name it is the cage of this project.",
  })
    .argument("[cage]", "cage with files of its own")
    .option("--dockerfile <file>", "another Dockerfile for this cage, from now on")
    .action((cage, { dockerfile }) =>
      wiring.end((async () => {
        const { runRebuildImage } = await import("../commands/rebuild_image.ts");
        const options = {
          cage,
          ...(dockerfile === undefined ? {} : { dockerfile }),
          ...wiring.path(),
        };
        return await runRebuildImage(options, wiring.context());
      })())
    );
  declare(rebuild, {
    words: "cage",
    examples: [
      { line: "sandcage rebuild-image", about: "for the cage of this project" },
      { line: "sandcage rebuild-image try --dockerfile Dockerfile.cage", about: "on your own" },
    ],
  });
  return rebuild;
}

function newDestroy(wiring: Wiring): CommandUnknownOpts {
  const destroy = newCommand("destroy", {
    summary: "remove a cage with all its files inside",
    description:
      "Removes a cage: what runs in it, its files, checkpoints and home inside, its clone, its record. Refuses, with exit code 5, when something would be lost that is nowhere else: changes and commits that did not come out, and what a clone has not pushed. Without a name it is the cage of this project.",
  })
    .argument("[cage]", "cage with files of its own")
    .option("-y, --yes", "do not ask")
    .option("--force", "whatever is lost, and even when its engine is away")
    .option("--keep-volumes", "leave its files, checkpoints and home on the engine")
    .option("--keep-clone", "leave the clone of its repository on this machine")
    .action((cage, flags) =>
      wiring.end((async () => {
        const { runDestroy } = await import("../commands/destroy.ts");
        return await runDestroy({
          cage,
          yes: flags.yes === true,
          force: flags.force === true,
          keepVolumes: flags.keepVolumes === true,
          keepClone: flags.keepClone === true,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(destroy, {
    words: "cage",
    examples: [
      { line: "sandcage destroy try", about: "looks for work first, then asks" },
      { line: "sandcage destroy try -y --keep-clone", about: "no question; the clone stays" },
    ],
  });
  return destroy;
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
