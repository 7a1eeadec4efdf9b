/** How wide text is on a terminal. Pure. */

/** Matches the escape sequences that colour text. */
// deno-lint-ignore no-control-regex
const ESCAPES = /\x1b\[[0-9;]*m/g;

/**
 * Blocks whose characters take two columns.
 *
 * @see {@link https://www.unicode.org/reports/tr11/}
 */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;

/** Control characters and combining marks take no column. */
const ZERO = /^[\p{Cc}\p{Mn}\p{Me}\p{Cf}]+$/u;

/** Text of one column for each character. */
const ASCII = /^[\x20-\x7e]*$/;

/** Latin letters and punctuation, our own `…` among it: no character joins with its neighbour. */
const SINGLE = /^[\x20-\x7e\u00a0-\u02ff\u2010-\u2027\u2030-\u205e]*$/;

/** Columns that a text takes, without its colours. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += graphemeWidth(grapheme);
  return width;
}

/** Pads a text with spaces to a number of columns. */
export function padToWidth(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** Cuts a text without colours to a number of columns; what was cut shows as `…`. */
export function cutToWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let width = 0;
  for (const grapheme of graphemes(text)) {
    width += graphemeWidth(grapheme);
    if (width > columns - 1) break;
    kept += grapheme;
  }
  return `${kept}…`;
}

function graphemes(text: string): string[] {
  const plain = text.replace(ESCAPES, "");
  // A segmenter, which counts a family of emoji once, takes 13 ms to make; most text needs none.
  if (SINGLE.test(plain)) return [...plain];
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return [...segmenter.segment(plain)].map(({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0;
  return WIDE.test(grapheme) || grapheme.includes("\ufe0f") ? 2 : 1;
}
