import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../errors.ts";
import { declare, extraOf, newCommand, pathOf } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { addAcp } from "./tree/acp.ts";
import { addAgents } from "./tree/agents.ts";
import { addCages } from "./tree/cages.ts";
import { addCopy, addCopyChanges } from "./tree/copy.ts";
import { addDesk } from "./tree/desk.ts";
import { addFiles } from "./tree/files.ts";
import { addHeadless } from "./tree/headless.ts";
import { addKeep } from "./tree/keep.ts";
import { addMail } from "./tree/mail.ts";
import { addMachine } from "./tree/machine.ts";
import { addNetwork } from "./tree/network.ts";
import { addPromote } from "./tree/promote.ts";
import { addProject } from "./tree/project.ts";
import { addVerify } from "./tree/verify.ts";
import { VERSION } from "./version.ts";
import type { Wiring } from "./wiring.ts";

/**
 * The map of commands. Help, docs/commands.md, completions and "did you mean" are all made from
 * this tree. Every action imports its module when it runs: no command pays for another.
 */

/** What the tree needs to run a command. */
export type ProgramOptions = {
  context: CommandContext;
  /** What stood after `--`, verbatim. */
  rest?: readonly string[] | undefined;
  /** Width of help in columns. Defaults to 80. */
  columns?: number;
  /** Called with the exit code of the command that ran. */
  end(code: number): void;
};

/** Builds the command tree. */
export function buildProgram(options: ProgramOptions): CommandUnknownOpts {
  const root = newCommand("sandcage", {
    summary: "run AI coding agents in cages",
    description:
      "Runs AI coding agents in hardened containers on your Docker engine.\nThe project is the git root of the current directory, or of --path.",
  });
  root.usage("[options] <command>")
    .option("-p, --path <path>", "project directory; by default the current one")
    .option("--context <name>", "docker context of the engine to use")
    .option("--no-color", "no colour; NO_COLOR works too")
    .option("-q, --quiet", "no progress and no talk, only data, warnings and errors")
    .version(VERSION, "-V, --version", "show the version")
    .configureOutput({
      writeOut: (text) => options.context.io.out(text),
      writeErr: (text) => options.context.io.talk(text),
      outputError: () => {},
      getOutHasColors: () => options.context.io.color,
      getOutHelpWidth: () => Math.min(options.columns ?? 80, 100),
    })
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (text) => `\x1b[1m${text}\x1b[22m`,
      subcommandTerm: (command) =>
        [command.name(), command.usage().replace(/ *\[options\] */, " ").trim()].join(" ").trim(),
      subcommandDescription: (command) => command.summary(),
    });
  declare(root, {
    examples: [
      { line: "sandcage claude", about: "Claude Code on the current project" },
      { line: "sandcage codex -- resume", about: "everything after -- goes to the agent" },
      { line: "sandcage claude --shell", about: "a shell in the cage of Claude Code" },
      { line: "sandcage init", about: "write .sandcage.yml for this project" },
      { line: "sandcage doctor", about: "find out what is missing on this machine" },
    ],
  });
  const wiring: Wiring = {
    context: () => ({ ...options.context, ...engineContext(root) }),
    path: () => {
      const path: unknown = root.getOptionValue("path");
      return typeof path === "string" ? { path } : {};
    },
    rest: () => [...options.rest ?? []],
    end: async (work) => options.end(await work ?? EXIT.ok),
  };
  root.hook("preAction", (_, command) => refuseRest(command, options.rest));
  addAgents(root, wiring);
  addAcp(root, wiring);
  addProject(root, wiring);
  addNetwork(root, wiring);
  addCopy(root, wiring);
  addDesk(root, wiring);
  addHeadless(root, wiring);
  addMail(root, wiring);
  addCages(root, wiring);
  addCopyChanges(root, wiring);
  addFiles(root, wiring);
  addPromote(root, wiring);
  addKeep(root, wiring);
  addVerify(root, wiring);
  addMachine(root, wiring);
  return root;
}

function engineContext(root: CommandUnknownOpts): { engineContext?: string } {
  const context: unknown = root.getOptionValue("context");
  return typeof context === "string" ? { engineContext: context } : {};
}

// Elsewhere `--` has nothing to carry: the words after it would be lost in silence.
function refuseRest(command: CommandUnknownOpts, rest: readonly string[] | undefined): void {
  if (rest === undefined || extraOf(command).passesArguments) return;
  throw new UserError(`Cannot read the command line: "${pathOf(command)}" takes nothing after --`, {
    hint: `Only agents do, as in: sandcage claude -- --help\nRun: ${pathOf(command)} --help`,
    exit: EXIT.usage,
    code: "usage",
  });
}
