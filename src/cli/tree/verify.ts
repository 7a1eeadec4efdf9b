import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../../errors.ts";
import { SHELL_SERVICE } from "../../names.ts";
import type { VerifyFormat } from "../commands/verify.ts";
import { adopt, declare, newCommand } from "../command.ts";
import type { Wiring } from "../wiring.ts";

const FORMATS = ["json", "sarif", "junit", "markdown"] as const;

/** Adds the command that proves the walls of a cage. */
export function addVerify(root: CommandUnknownOpts, wiring: Wiring): void {
  root.commandsGroup("Machine:");
  const collect = (value: string, before: string[]) => [...before, ...value.split(",")];
  const verify = newCommand("verify", {
    summary: "try to get out of a cage, on this machine",
    description:
      "Opens a session of the cage as any other and tries every known way out of it, as the agent and as root inside. A case passes only when nothing got through and the same attempt worked where it must, in a container without walls. Exit 1 when anything is not proved.",
  })
    .argument("[cage]", "cage with files of its own; by default the project's")
    .option("--service <service>", "whose cage", SHELL_SERVICE)
    .option("--suite <suite>", "only these, separated by commas", collect, [])
    .option("--case <id>", "only these, separated by commas", collect, [])
    .option("--quick", "what takes seconds")
    .option("--list", "say what would be tried, and try nothing")
    .option("--fail-fast", "end at the first case that does not pass")
    .option("--json", "print JSON, with threat and evidence of each case")
    .option("--sarif", "print SARIF 2.1.0, for code scanning")
    .option("--junit", "print JUnit XML, for CI")
    .option("--markdown", "print tables for a page")
    .action((cage, options) =>
      wiring.end((async () => {
        const { listCases, runVerify } = await import("../commands/verify.ts");
        const selection = {
          suites: options.suite,
          ids: options.case,
          quick: options.quick === true,
        };
        if (options.list === true) {
          return listCases(selection, { format: chooseFormat(options), context: wiring.context() });
        }
        return await runVerify({
          ...selection,
          service: options.service,
          ...(cage === undefined ? {} : { name: cage }),
          failFast: options.failFast === true,
          format: chooseFormat(options),
          ...wiring.path(),
        }, wiring.context());
      })())
    );
  declare(verify, {
    words: "cage",
    examples: [
      { line: "sandcage verify", about: "every case" },
      {
        line: "sandcage verify --service claude --suite container",
        about: "of one cage, one suite",
      },
      { line: "sandcage verify --list", about: "what there is to try" },
      { line: "sandcage verify --case C01,C03 --json", about: "two cases, for a program" },
      { line: "sandcage verify --sarif > walls.sarif", about: "for a code scanning page" },
    ],
  });
  adopt(root, verify);
}

/** @throws {UserError} Of code `usage`, when two are asked for. */
function chooseFormat(options: Partial<Record<VerifyFormat, boolean>>): VerifyFormat {
  const asked = FORMATS.filter((format) => options[format] === true);
  if (asked.length < 2) return asked[0] ?? "text";
  throw new UserError(`Only one of ${asked.map((format) => `--${format}`).join(" and ")} can be`, {
    hint: "Run it once for each",
    exit: EXIT.usage,
    code: "usage",
  });
}
