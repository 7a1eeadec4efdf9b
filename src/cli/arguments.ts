/**
 * What has to be known of the command line before the command tree reads it. Pure.
 */

/** The command line, cut at its first `--`. */
export type CommandLine = {
  /** What sandcage reads. */
  head: string[];
  /** What goes to the agent as it is; `undefined` when there was no `--`. */
  rest: string[] | undefined;
};

/** Global options that take a value, needed to find the command's word among the options. */
const GLOBAL_VALUES = ["-p", "--path", "--context"];

/** Cuts the command line at its first `--`: what follows belongs to the agent, verbatim. */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const cut = argv.indexOf("--");
  return cut < 0
    ? { head: [...argv], rest: undefined }
    : { head: argv.slice(0, cut), rest: argv.slice(cut + 1) };
}

/** Finds the position of the command's word: the first operand, or -1. */
export function findCommandIndex(head: readonly string[]): number {
  for (let index = 0; index < head.length; index++) {
    const word = head[index]!;
    if (GLOBAL_VALUES.includes(word)) index++;
    else if (!word.startsWith("-")) return index;
  }
  return -1;
}

/** The commands in which `-p` is a prompt. */
const PROMPTED = ["launch"];

/**
 * Gives `-p` its meaning: behind the word of a command that takes a prompt it is that, else the
 * project, wherever it stands.
 */
export function spellPrompt(head: readonly string[]): string[] {
  const at = findCommandIndex(head);
  if (at < 0 || !PROMPTED.includes(head[at]!)) return [...head];
  return head.map((word, index) =>
    index <= at || !/^-p([^-]|$)/.test(word)
      ? word
      : word === "-p"
      ? "--prompt"
      : `--prompt=${word.slice(2)}`
  );
}

/** Finds the value of the global path option before the command tree has read it. */
export function findPathOption(head: readonly string[]): string | undefined {
  for (const [index, word] of head.entries()) {
    if (word === "-p" || word === "--path") return head[index + 1];
    if (word.startsWith("--path=")) return word.slice("--path=".length);
    if (/^-p./.test(word)) return word.slice(2);
  }
  return undefined;
}

/** Tells whether a flag stands on sandcage's part of the command line. */
export function hasFlag(head: readonly string[], ...names: string[]): boolean {
  return names.some((name) => head.includes(name));
}
