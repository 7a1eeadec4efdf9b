import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands about cages that exist. */
export function addCages(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Cages:");
  const list = newCommand("list", { summary: "list cages and their sessions" })
    .option("--json", "print JSON")
    .action(({ json }) =>
      wiring.end((async () => {
        const { runList } = await import("../commands/list.ts");
        return await runList({ json: json === true }, wiring.context());
      })())
    );
  declare(list, {
    examples: [{ line: "sandcage list --json | jq '.[].id'", about: "the ids alone" }],
  });
  const stop = newCommand("stop", {
    summary: "stop the sessions of cages",
    description:
      "Stops every session of the named cages, by default of the project's own. Files, homes and images stay.",
  })
    .argument("[cage...]", "cages to stop")
    .option("--all", "every cage on the engine")
    .action((cages, { all }) =>
      wiring.end((async () => {
        const { runStop } = await import("../commands/stop.ts");
        const options = { cages, all: all === true, ...wiring.path() };
        return await runStop(options, wiring.context());
      })())
    );
  declare(stop, {
    words: "cage",
    examples: [
      { line: "sandcage stop", about: "the cage of this project" },
      { line: "sandcage stop --all", about: "every cage" },
    ],
  });
  const reset = newCommand("reset", {
    summary: "remove what sandcage made",
    description:
      "Removes what sandcage made and nothing else. Shows the exact list and asks first; refuses while sessions run unless --force. Without a choice it only shows what there is.",
  })
    .option("--containers", "containers and networks of all cages")
    .option("--images", "images")
    .option("--volumes", "volumes: the homes with logins and histories")
    .option("--state", "records of cages and trust in the state directory")
    .option("--all", "all of the above")
    .option("--work", "the files of cages that have their own, exported or not")
    .option("-y, --yes", "do not ask")
    .option("--force", "even while sessions run")
    .action((flags) =>
      wiring.end((async () => {
        const { runReset } = await import("../commands/reset.ts");
        return await runReset({
          containers: flags.containers === true || flags.all === true,
          images: flags.images === true || flags.all === true,
          volumes: flags.volumes === true || flags.all === true,
          state: flags.state === true || flags.all === true,
          work: flags.work === true,
          yes: flags.yes === true,
          force: flags.force === true,
        }, wiring.context());
      })())
    );
  declare(reset, {
    examples: [
      { line: "sandcage reset", about: "look at what there is" },
      { line: "sandcage reset --containers --images", about: "keep the homes" },
    ],
  });
  for (const command of [list, stop, reset]) adopt(root, command);
}
