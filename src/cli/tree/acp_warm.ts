import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

/** Adds the command that sandcage starts by itself where `acp.warm` is set. */
export function addAcpWarm(acp: CommandUnknownOpts, wiring: Wiring): void {
  const hold = newCommand("hold", { summary: "keep an agent started for the next editor" })
    .argument("<service>", "name of the service")
    .option("--name <cage>", "name of the cage")
    .requiredOption("--mark <text>", "what the last stop of the cage said")
    .requiredOption("--log <file>", "file for what it has to say")
    .action((service, flags) =>
      wiring.end((async () => {
        const { runAcpHold } = await import("../commands/acp_hold.ts");
        const options = { service, ...flags, args: wiring.rest(), ...wiring.path() };
        return await runAcpHold(options, wiring.context());
      })())
    );
  declare(hold, { hidden: true, passesArguments: true, examples: [] });
  adopt(acp, hold);
}
