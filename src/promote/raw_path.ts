import { visibleText } from "../transfer/visible.ts";
import { fromLatin1 } from "./bytes.ts";

/** A path of bytes, one in each character, as text: what is no UTF-8 as `\xff`. */
export function formatRawPath(path: string): string {
  try {
    return visibleText(new TextDecoder("utf-8", { fatal: true }).decode(fromLatin1(path)));
  } catch {
    const escape = (char: string) => `\\x${char.charCodeAt(0).toString(16)}`;
    return visibleText(path.replace(/[\x80-\xff]/g, escape));
  }
}
