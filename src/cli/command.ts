import { Command, type CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../errors.ts";
import { findMeant } from "./suggest.ts";

/** One line of the examples under a command's help. */
export type Example = { line: string; about: string };

/** What a command knows beyond what commander keeps for it. */
type Extra = {
  examples: readonly Example[];
  /** Takes arguments for the agent after `--`. */
  passesArguments: boolean;
  /** Where the words of its arguments come from, for completions. */
  words?: "service" | "cage" | readonly string[];
  /** Left out of help, docs and completions. */
  hidden: boolean;
};

const EXTRAS = new WeakMap<CommandUnknownOpts, Extra>();

const NONE: Extra = { examples: [], passesArguments: false, hidden: false };

/** Reads what was declared by {@link declare}. */
export function extraOf(command: CommandUnknownOpts): Extra {
  return EXTRAS.get(command) ?? NONE;
}

/** Makes a command whose mistakes become {@link UserError}s of code `usage`. */
export function newCommand(name: string, about: { summary: string; description?: string }) {
  const command = new Command(name)
    .summary(about.summary)
    .description(about.description ?? about.summary)
    .helpOption("-h, --help", "show this help")
    .helpCommand(false);
  return command.exitOverride((error) => rethrow(error, command));
}

/**
 * Puts a command below another. Parents go first: output and help settings are copied on the way
 * down.
 */
export function adopt(parent: CommandUnknownOpts, command: CommandUnknownOpts): void {
  parent.addCommand(command, { hidden: isHidden(command) });
  command.copyInheritedSettings(parent).exitOverride((error) => rethrow(error, command));
}

/** Declares examples and what else help, docs and completions say about a command. */
export function declare(
  command: CommandUnknownOpts,
  extra: Partial<Extra> & { examples: readonly Example[] },
): void {
  EXTRAS.set(command, { ...NONE, ...extra });
  if (extra.examples.length === 0) return;
  command.addHelpText("after", () => `\n${formatExamples(extra.examples)}`);
}

/** The whole help of a command as `--help` prints it, without colour. */
export function formatHelp(command: CommandUnknownOpts): string {
  const { examples } = extraOf(command);
  const help = command.helpInformation();
  return examples.length === 0 ? help : `${help}\n${formatExamples(examples)}\n`;
}

/** Tells whether a command is left out of help, docs and completions. */
export function isHidden(command: CommandUnknownOpts): boolean {
  return extraOf(command).hidden;
}

/** The words that call a command: `sandcage config show`. */
export function pathOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Finds every command below a command, itself included, in the order of declaration. */
export function walkCommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(walkCommands)];
}

function formatExamples(examples: readonly Example[]): string {
  const width = Math.max(...examples.map(({ line }) => line.length));
  const lines = examples.map(({ line, about }) => `  ${line.padEnd(width)}  # ${about}`);
  return ["Examples:", ...lines].join("\n");
}

/** Help that was shown is no mistake: commander ends with it, and so does the parse. */
export class HelpShown extends Error {
  constructor(readonly exit: number) {
    super("help was shown");
    this.name = "HelpShown";
  }
}

function rethrow(error: CommanderError, command: CommandUnknownOpts): never {
  if (error.code === "commander.helpDisplayed" || error.code === "commander.version") {
    throw new HelpShown(EXIT.ok);
  }
  // A group of commands called without one of them shows its help instead.
  if (error.code === "commander.help") throw new HelpShown(EXIT.usage);
  throw usageError(error, command);
}

// The wording is commander's; only its frame is ours. What to do depends on the error's code.
function usageError(error: CommanderError, command: CommandUnknownOpts): UserError {
  const text = error.message.replace(/^error: /, "").replaceAll("'", '"');
  const [problem = text, suggestion] = text.split("\n");
  const hints = [suggestion?.replace(/^\((.*)\)$/, "$1")];
  const takesMore = extraOf(command).passesArguments &&
    (error.code === "commander.unknownOption" || error.code === "commander.excessArguments");
  if (takesMore) hints.push(`Put agent arguments after --: ${pathOf(command)} -- …`);
  hints.push(`Run: ${pathOf(command)} --help`);
  return new UserError(`Cannot read the command line: ${problem.replace(/\.$/, "")}`, {
    hint: hints.filter((hint) => hint !== undefined).join("\n"),
    exit: EXIT.usage,
    code: "usage",
    cause: error,
  });
}

/** The error for a word that is neither a command nor a service. */
export function unknownWord(word: string, known: readonly string[]): UserError {
  const meant = findMeant(word, known);
  const nearest = meant === undefined ? undefined : `Did you mean "${meant}"?`;
  return new UserError(`Cannot run "${word}": no command or service has this name`, {
    hint: [nearest, "Run: sandcage --help"].filter((line) => line !== undefined).join("\n"),
    exit: EXIT.usage,
    code: "usage",
  });
}
