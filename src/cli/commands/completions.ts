import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT, UserError } from "../../errors.ts";
import { extraOf, isHidden, walkCommands } from "../command.ts";
import { formatBash } from "../completions/bash.ts";
import type { CompletionEntry, ValueKind } from "../completions/entry.ts";
import { formatFish } from "../completions/fish.ts";
import { formatPowershell } from "../completions/powershell.ts";
import { formatZsh } from "../completions/zsh.ts";
import type { CommandContext } from "../context.ts";
import { findMeant } from "../suggest.ts";

const FORMATS = {
  bash: formatBash,
  zsh: formatZsh,
  fish: formatFish,
  powershell: formatPowershell,
} as const;

/** Options that only the root has, or that every command has by itself. */
const OF_ROOT_OR_ALL = ["-V", "--version", "-h", "--help"];

/** `sandcage completions SHELL`: prints a script made from the command tree. */
export function runCompletions(
  options: { shell: string; root: CommandUnknownOpts },
  context: CommandContext,
): number {
  const { shell, root } = options;
  const shells = Object.keys(FORMATS);
  if (!Object.hasOwn(FORMATS, shell)) {
    const meant = findMeant(shell, shells);
    throw new UserError(`Cannot print completions for "${shell}"`, {
      hint: meant === undefined
        ? `Choose one of: ${shells.join(", ")}`
        : `Did you mean "${meant}"?`,
      exit: EXIT.usage,
      code: "usage",
    });
  }
  context.io.out(FORMATS[shell as keyof typeof FORMATS](listEntries(root)));
  return EXIT.ok;
}

/** Lists what can be completed after each command, global options included. Pure. */
export function listEntries(root: CommandUnknownOpts): CompletionEntry[] {
  const globals = optionsOf(root).filter(({ flag }) => !OF_ROOT_OR_ALL.includes(flag));
  const shown = walkCommands(root).filter((command) => !isHidden(command));
  return shown.map((command) => {
    const words = command === root ? [] : pathWords(command);
    const own = optionsOf(command);
    return {
      path: words,
      words: command.commands.filter((sub) => !isHidden(sub)).map((sub) => ({
        word: sub.name(),
        about: sub.summary(),
      })),
      options: command === root ? own : [...own, ...globals],
      source: extraOf(command).words,
    };
  });
}

function pathWords(command: CommandUnknownOpts): string[] {
  return command.parent === null ? [] : [...pathWords(command.parent), command.name()];
}

function optionsOf(command: CommandUnknownOpts): CompletionEntry["options"] {
  const help = { flags: ["-h", "--help"], about: "show this help", value: undefined };
  return [
    ...command.options.map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      about: option.description,
      value: option.required || option.optional ? valueKind(option.attributeName()) : undefined,
    })),
    help,
  ].flatMap(({ flags, about, value }) => flags.map((flag) => ({ flag, about, value })));
}

function valueKind(name: string): ValueKind {
  if (name === "path") return "directory";
  if (name === "key") return "file";
  if (name === "name") return "cage";
  return "text";
}
