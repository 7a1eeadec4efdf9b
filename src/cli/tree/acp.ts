import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";
import { addAcpEditors } from "./acp_editors.ts";
import { addAcpRegistry } from "./acp_registry.ts";
import { addAcpWarm } from "./acp_warm.ts";

/** Adds the commands for editors that speak the Agent Client Protocol. */
export function addAcp(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Editors:");
  const acp = newCommand("acp", {
    summary: "let an editor talk to a caged agent",
    description:
      "Connects editors that speak the Agent Client Protocol (Zed, JetBrains, neovim, acpx) to agents in cages.",
  });
  declare(acp, { examples: [] });
  adopt(root, acp);
  addRun(acp, wiring);
  addAcpEditors(acp, wiring);
  addAcpWarm(acp, wiring);
  addAcpRegistry(acp, wiring);
}

function addRun(acp: CommandUnknownOpts, wiring: Wiring): void {
  const run = newCommand("run", {
    summary: "relay between an editor and an agent in its cage",
    description:
      "Speaks the Agent Client Protocol on stdin and stdout: this is the command an editor starts. stdout carries the protocol and nothing else; what sandcage says goes to stderr.",
  })
    .usage("<service> [options] [-- ARGS…]")
    .argument("<service>", "name of the service")
    .option("--name <cage>", "name of the cage; by default one per project")
    .option("--log <file>", "write what sandcage says to this file, too")
    .option("--record <file>", "write every message to this file, as JSON lines")
    .action((service, flags) =>
      wiring.end((async () => {
        const { runAcp } = await import("../commands/acp_run.ts");
        return await runAcp(
          { service, ...flags, args: wiring.rest(), ...wiring.path() },
          wiring.context(),
        );
      })())
    );
  declare(run, {
    passesArguments: true,
    words: "service",
    examples: [
      { line: "sandcage acp run claude -p ~/work/api", about: "what an editor calls" },
      { line: "sandcage acp run claude --record acp.jsonl", about: "keep the conversation" },
    ],
  });
  adopt(acp, run);
}
