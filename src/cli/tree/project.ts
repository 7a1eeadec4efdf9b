import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands about one project and its configuration. */
export function addProject(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Project:");
  const init = newCommand("init", {
    summary: "write .sandcage.yml for this project",
    description:
      "Looks at the project's files, suggests toolchains and packages, and writes a commented .sandcage.yml. An existing file is kept unless --force, which leaves a backup beside it.",
  })
    .option("-y, --yes", "take every suggestion, ask nothing")
    .option("--force", "replace an existing file, keeping a backup")
    .option("--promote", "for commits that land on your branch by themselves; asks what that needs")
    .action(({ yes, force, promote }) =>
      wiring.end((async () => {
        const { runInit } = await import("../commands/init.ts");
        const options = {
          yes: yes === true,
          force: force === true,
          promote: promote === true,
          ...wiring.path(),
        };
        return await runInit(options, wiring.context());
      })())
    );
  declare(init, {
    examples: [
      { line: "sandcage init", about: "show the suggestion, ask, write" },
      { line: "sandcage init --yes -p ~/work/api", about: "without questions, elsewhere" },
      {
        line: "sandcage init --promote",
        about: "asks whose name commits carry, languages, packages",
      },
    ],
  });
  adopt(root, init);
  addBuild(root, wiring);
  addConfig(root, wiring);
  const trust = newCommand("trust", {
    summary: "allow what this project's configuration asks for",
    description:
      "Shows what the project's configuration wants beyond the defaults (mounts, ports, secrets, environment, ssh) and stores your yes for exactly that.",
  })
    .option("--list", "list what was granted, everywhere")
    .option("--revoke", "take back what this project was granted")
    .option("-y, --yes", "grant without asking")
    .option("--json", "print JSON")
    .action((flags) =>
      wiring.end((async () => {
        const { runTrust } = await import("../commands/trust.ts");
        return await runTrust({
          list: flags.list === true,
          revoke: flags.revoke === true,
          yes: flags.yes === true,
          json: flags.json === true,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(trust, {
    examples: [
      { line: "sandcage trust", about: "look at what is asked for, then decide" },
      { line: "sandcage trust --list --json", about: "every grant, for a script" },
    ],
  });
  adopt(root, trust);
}

function addBuild(root: CommandUnknownOpts, wiring: Wiring): void {
  const build = newCommand("build", {
    summary: "build the images of services",
    description:
      "Builds the images of the named services, by default of all enabled ones. Sessions build by themselves what their recipe changed; this is for doing it ahead of time.",
  })
    .argument("[service...]", "services to build")
    .option("--no-cache", "build every layer again")
    .option("--pull", "fetch the base image again")
    .option("--acp", "for editors: with what speaks ACP")
    .action((services, { cache, pull, acp }) =>
      wiring.end((async () => {
        const { runBuild } = await import("../commands/build.ts");
        const flags = { noCache: !cache, pull: pull === true, acp: acp === true };
        return await runBuild({ services, ...flags, ...wiring.path() }, wiring.context());
      })())
    );
  declare(build, {
    words: "service",
    examples: [
      { line: "sandcage build", about: "everything this project needs" },
      { line: "sandcage build claude --no-cache", about: "one service, from scratch" },
      { line: "sandcage build claude --acp", about: "what an editor's first session would build" },
    ],
  });
  adopt(root, build);
  const packages = newCommand("package", { summary: "manage the Debian packages of this project" });
  const add = newCommand("add", {
    summary: "add Debian packages and rebuild",
    description:
      "Adds packages to .sandcage.yml, keeping its comments, and rebuilds the project's image.",
  })
    .argument("<name...>", "Debian package names")
    .action((names) =>
      wiring.end((async () => {
        const { runPackageAdd } = await import("../commands/package.ts");
        return await runPackageAdd({ packages: names, ...wiring.path() }, wiring.context());
      })())
    );
  declare(add, { examples: [{ line: "sandcage package add jq ripgrep", about: "two tools" }] });
  adopt(root, packages);
  adopt(packages, add);
}

function addConfig(root: CommandUnknownOpts, wiring: Wiring): void {
  const config = newCommand("config", { summary: "show and check the configuration" });
  const show = newCommand("show", {
    summary: "print the effective configuration",
    description: "Prints the configuration that all layers give together.",
  })
    .option("--origin", "with the layer each value comes from")
    .option("--json", "print JSON")
    .option("--compose", "print the compose document of the cage instead")
    .action((flags) =>
      wiring.end((async () => {
        const { runConfigShow } = await import("../commands/config.ts");
        return await runConfigShow({
          origin: flags.origin === true,
          json: flags.json === true,
          compose: flags.compose === true,
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(show, {
    examples: [
      { line: "sandcage config show --origin", about: "who set what" },
      { line: "sandcage config show --compose", about: "what the engine is given" },
    ],
  });
  const check = newCommand("check", { summary: "check every configuration file of this project" })
    .action(() =>
      wiring.end((async () => {
        const { runConfigCheck } = await import("../commands/config.ts");
        return await runConfigCheck(wiring.path(), wiring.context());
      })())
    );
  declare(check, { examples: [{ line: "sandcage config check", about: "exit code 3 on errors" }] });
  const schema = newCommand("schema", { summary: "print the JSON Schema of the files" })
    .action(() =>
      wiring.end((async () => {
        const { runConfigSchema } = await import("../commands/config.ts");
        return await runConfigSchema({}, wiring.context());
      })())
    );
  declare(schema, {
    examples: [{ line: "sandcage config schema > schema.json", about: "for an editor" }],
  });
  adopt(root, config);
  for (const command of [show, check, schema]) adopt(config, command);
}
