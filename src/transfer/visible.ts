/**
 * What a terminal acts on, or does not show: control characters but the tab, C1, what turns the
 * direction of text, and what has no width.
 */
const UNSEEN =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** A line of text in which nothing acts on a terminal: control characters as `^[`, others as `<U+202E>`. */
export function visibleText(line: string): string {
  return line.replace(UNSEEN, (char) => {
    const code = char.codePointAt(0)!;
    if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
    if (code === 0x7f) return "^?";
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}
