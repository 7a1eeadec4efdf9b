import { findNearest } from "../config/nearest.ts";

/** Fewest letters from which the beginning of a word counts as meant. */
const PREFIX_LENGTH = 3;

/**
 * Finds the known word a mistyped one most likely means: one that it begins, or the nearest. Pure.
 */
export function findMeant(word: string, known: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const begun = typed.length < PREFIX_LENGTH
    ? []
    : known.filter((name) => name.toLowerCase().startsWith(typed));
  return begun.length === 1 ? begun[0] : findNearest(word, known);
}
