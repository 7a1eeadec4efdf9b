import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../errors.ts";
import { type CommandLine, findCommandIndex, findPathOption, spellPrompt } from "./arguments.ts";
import { HelpShown, isHidden, unknownWord } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { buildProgram } from "./program.ts";
import { findMeant } from "./suggest.ts";

/** The command line, and what help needs to know of the terminal. */
export type RunInput = CommandLine & {
  /** Width of the terminal in columns. */
  columns: number;
};

/**
 * Reads the command line, runs its command and gives its exit code.
 *
 * @throws {UserError} Of code `usage` if the command line is wrong, or whatever the command throws.
 */
export async function runProgram(input: RunInput, context: CommandContext): Promise<number> {
  let exit: number = EXIT.ok;
  const root = buildProgram({
    context,
    rest: input.rest,
    columns: input.columns,
    end: (code) => exit = code,
  });
  try {
    const words = spellPrompt(await expandService(input.head, root, context));
    if (words.length === 0) root.outputHelp();
    else await root.parseAsync(words, { from: "user" });
  } catch (error) {
    if (error instanceof HelpShown) return error.exit;
    throw error;
  }
  return exit;
}

/** Reads `sandcage NAME` as `sandcage run NAME` where NAME is a service and no command. */
async function expandService(
  head: readonly string[],
  root: CommandUnknownOpts,
  context: CommandContext,
): Promise<string[]> {
  const at = findCommandIndex(head);
  const word = head[at];
  const commands = root.commands.map((command) => command.name());
  if (word === undefined || commands.includes(word)) return [...head];
  const services = await readServices(word, commands, { context, path: findPathOption(head) });
  if (services.includes(word)) return [...head.slice(0, at), "run", ...head.slice(at)];
  const shown = root.commands.filter((command) => !isHidden(command)).map((command) =>
    command.name()
  );
  throw unknownWord(word, [...shown, ...services]);
}

async function readServices(
  word: string,
  commands: readonly string[],
  options: { context: CommandContext; path: string | undefined },
): Promise<string[]> {
  try {
    const { findServiceNames } = await import("./services.ts");
    return await findServiceNames(options.context.host, options.path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // No project, no services of its own; and a mistyped command is the nearer explanation than a
    // broken configuration.
    if (error.code === "project-refused" || findMeant(word, commands) !== undefined) return [];
    throw error;
  }
}
