/** What can be completed after one command of the tree. */
export type CompletionEntry = {
  /** Words of the command below `sandcage`. */
  path: string[];
  /** Its subcommands. */
  words: { word: string; about: string }[];
  options: { flag: string; about: string; value: ValueKind | undefined }[];
  /** Where the words of its arguments come from, when they are not fixed. */
  source: WordSource | undefined;
};

/** What a value is, when an option takes one. */
export type ValueKind = "directory" | "file" | "cage" | "text";

/** Words that are asked of sandcage itself, or a fixed list. */
export type WordSource = "service" | "cage" | readonly string[];

/** The hidden command that completions ask for words. */
export const WORDS_COMMAND = "__words";

/** Flags that take a value of some kind, each once. */
export function flagsWithValue(
  entries: readonly CompletionEntry[],
  kind?: ValueKind,
): string[] {
  const flags = entries.flatMap(({ options }) =>
    options.filter(({ value }) => kind === undefined ? value !== undefined : value === kind)
  );
  return [...new Set(flags.map(({ flag }) => flag))].sort();
}

/** Fixed words of an entry: subcommands and listed arguments. */
export function fixedWords(entry: CompletionEntry): { word: string; about: string }[] {
  const listed = Array.isArray(entry.source) ? entry.source as readonly string[] : [];
  return [...entry.words, ...listed.map((word) => ({ word, about: "" }))];
}

/** Quotes a text for POSIX shells and fish. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
