import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands that set an editor up and find out why it does not work. */
export function addAcpEditors(acp: CommandUnknownOpts, wiring: Wiring): void {
  addConfig(acp, wiring);
  addDoctor(acp, wiring);
}

function addConfig(acp: CommandUnknownOpts, wiring: Wiring): void {
  const config = newCommand("config", {
    summary: "set an editor up",
    description:
      "Prints what goes into the settings of an editor so that it starts the agents in their cages, or writes it there with --write. Everything else in the settings stays as it is, comments included. With --path the agents are always of that project, else of the one the editor starts them in.",
  })
    .argument("<editor>", "zed, jetbrains, neovim or vscode")
    .argument("[service...]", "services; by default all that speak ACP")
    .option("--write", "edit the settings of the editor")
    .option("--file <path>", "settings in another place, such as .zed/settings.json")
    .action((editor, services, flags) =>
      wiring.end((async () => {
        const { runAcpConfig } = await import("../commands/acp_config.ts");
        const options = { editor, services, write: flags.write === true, file: flags.file };
        return await runAcpConfig({ ...options, ...wiring.path() }, wiring.context());
      })())
    );
  declare(config, {
    words: ["zed", "jetbrains", "neovim", "vscode"],
    examples: [
      { line: "sandcage acp config zed --write", about: "every agent, for every project" },
      { line: "sandcage acp config neovim claude", about: "Lua to paste; a module with --write" },
    ],
  });
  adopt(acp, config);
}

function addDoctor(acp: CommandUnknownOpts, wiring: Wiring): void {
  const doctor = newCommand("doctor", {
    summary: "find out why an editor does not get on with an agent",
    description:
      "Starts the agent in its cage as an editor would, asks it to initialize and to make a session, and says what each step answered and how long it took. No model is asked anything.",
  })
    .argument("<service>", "name of the service")
    .option("--name <cage>", "name of the cage; by default one per project")
    .option("--json", "as JSON")
    .action((service, flags) =>
      wiring.end((async () => {
        const { runAcpDoctor } = await import("../commands/acp_doctor.ts");
        const options = { service, name: flags.name, json: flags.json === true };
        return await runAcpDoctor({ ...options, ...wiring.path() }, wiring.context());
      })())
    );
  declare(doctor, {
    words: "service",
    examples: [{ line: "sandcage acp doctor claude", about: "and what to do about it" }],
  });
  adopt(acp, doctor);
}
