import type { CopyRecord } from "../copy/record.ts";
import { EXIT, UserError } from "../errors.ts";
import { findMeant } from "./suggest.ts";

/** Id of the copy cage of a name, or the one whose name begins so: names change, ids do not. */
export function findCopyId(word: string, copies: readonly CopyRecord[]): string | undefined {
  const begun = copies.filter(({ name }) => name.startsWith(word));
  const found = begun.find(({ name }) => name === word) ??
    (begun.length === 1 ? begun[0] : undefined);
  return found?.id;
}

/**
 * Finds the cage a word means: its id, or the one id that begins with it.
 *
 * @throws {UserError} Of code `usage` if it means none or several.
 */
export function findCageId(word: string, known: readonly string[]): string {
  if (known.includes(word)) return word;
  const begun = known.filter((id) => id.startsWith(word));
  if (begun.length === 1) return begun[0]!;
  const meant = begun.length > 1
    ? `It could be any of: ${begun.join(", ")}`
    : findMeant(word, known)?.replace(/.*/s, (id) => `Did you mean "${id}"?`);
  throw new UserError(
    `Cannot find cage "${word}": ${begun.length > 1 ? "the name is not whole" : "there is none"}`,
    {
      hint: [meant, "Run: sandcage list"].filter((line) => line !== undefined).join("\n"),
      exit: EXIT.usage,
      code: "usage",
    },
  );
}
