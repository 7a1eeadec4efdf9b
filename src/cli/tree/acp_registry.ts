import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the commands about the registry of agents below `acp`. */
export function addAcpRegistry(acp: CommandUnknownOpts, wiring: Wiring): void {
  const list = newCommand("list", {
    summary: "list the agents of the ACP registry",
    description:
      "Lists the agents of the official registry, or those a word is found in. The registry is asked once in three hours; where it cannot be reached, the last copy or sandcage's own list is shown, and said to be.",
  })
    .argument("[word]", "only agents whose id, name or description has this word")
    .option("--installed", "only agents that are installed here")
    .option("--json", "print JSON")
    .action((word, { installed, json }) =>
      wiring.end((async () => {
        const { runAcpList } = await import("../commands/acp_list.ts");
        return await runAcpList({
          json: json === true,
          installed: installed === true,
          ...(word === undefined ? {} : { word }),
        }, wiring.context());
      })())
    );
  declare(list, {
    examples: [
      { line: "sandcage acp list", about: "everything there is" },
      { line: "sandcage acp list google --json", about: "what has to do with Google" },
    ],
  });
  adopt(acp, list);
  addInstall(acp, wiring);
  addInstalled(acp, wiring);
}

function addInstall(acp: CommandUnknownOpts, wiring: Wiring): void {
  const install = newCommand("install", {
    summary: "install an agent of the ACP registry",
    description:
      "Installs an agent for cages: verified, with its exact version, in an image of its own, so that sessions need no network for it. It becomes a service with a home of its own.",
  })
    .argument("<agent>", "id of the agent, or id@version")
    .option("--domain <host...>", "hosts the agent may reach, besides those sandcage knows")
    .option("--allow-unverified", "take an archive without a checksum, and pin what comes")
    .option("--json", "print JSON")
    .action((agent, { domain, allowUnverified, json }) =>
      wiring.end((async () => {
        const { runAcpInstall } = await import("../commands/acp_install.ts");
        return await runAcpInstall({
          agent,
          domains: domain ?? [],
          allowUnverified: allowUnverified === true,
          json: json === true,
        }, wiring.context());
      })())
    );
  declare(install, {
    examples: [
      { line: "sandcage acp install auggie", about: "as the registry has it" },
      { line: "sandcage acp install auggie@0.36.0", about: "one version" },
      {
        line: "sandcage acp install my-agent --domain api.example.com",
        about: "with a host it needs",
      },
    ],
  });
  const update = newCommand("update", {
    summary: "bring installed agents to what the registry has",
    description:
      "Asks the registry anew and installs what changed: one agent, or all. Homes stay as they are.",
  })
    .argument("[agent]", "id of the agent; by default all")
    .option("--allow-unverified", "take archives without a checksum, and pin what comes")
    .option("--json", "print JSON")
    .action((id, { allowUnverified, json }) =>
      wiring.end((async () => {
        const { runAcpUpdate } = await import("../commands/acp_update.ts");
        return await runAcpUpdate({
          allowUnverified: allowUnverified === true,
          json: json === true,
          ...(id === undefined ? {} : { id }),
        }, wiring.context());
      })())
    );
  declare(update, { examples: [{ line: "sandcage acp update", about: "all of them" }] });
  for (const command of [install, update]) adopt(acp, command);
}

function addInstalled(acp: CommandUnknownOpts, wiring: Wiring): void {
  const installed = newCommand("installed", { summary: "list installed agents" })
    .option("--json", "print JSON")
    .action(({ json }) =>
      wiring.end((async () => {
        const { runAcpInstalled } = await import("../commands/acp_installed.ts");
        return await runAcpInstalled({ json: json === true }, wiring.context());
      })())
    );
  declare(installed, {
    examples: [{ line: "sandcage acp installed", about: "versions, sources and hosts" }],
  });
  const remove = newCommand("remove", {
    summary: "remove an installed agent",
    description:
      "Removes an agent and its images. Its home, with logins and history, stays unless --home.",
  })
    .argument("<agent>", "id of the agent")
    .option("--home", "its home, too: logins and history are gone")
    .option("--json", "print JSON")
    .action((id, { home, json }) =>
      wiring.end((async () => {
        const { runAcpRemove } = await import("../commands/acp_remove.ts");
        return await runAcpRemove(
          { id, home: home === true, json: json === true },
          wiring.context(),
        );
      })())
    );
  declare(remove, {
    examples: [{ line: "sandcage acp remove auggie", about: "the home stays" }],
  });
  for (const command of [installed, remove]) adopt(acp, command);
}
