/** Longest piece of a path in a message, in UTF-16 code units. */
const MOST_SHOWN = 200;

/** What a terminal acts on or does not show, beyond what JSON escapes: C1, bidi, zero width. */
const UNSEEN = /[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * A path, or another word of a stranger, for a message: quoted, on one line, nothing in it acts on a
 * terminal. Pure.
 */
export function quotePath(path: string): string {
  const shown = path.length > MOST_SHOWN ? `${path.slice(0, MOST_SHOWN)}…` : path;
  return JSON.stringify(shown).replace(
    UNSEEN,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
