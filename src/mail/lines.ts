/**
 * Reads lines from bytes however they are cut.
 *
 * @param most Longest line in bytes.
 * @returns A function that takes the next bytes and gives the lines that are whole by now.
 * @throws {Error} For a longer line, before it is kept; and for what is no UTF-8.
 */
export function createLineReader(most: number): (bytes: Uint8Array) => string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let pieces: Uint8Array[] = [];
  let kept = 0;
  return (bytes) => {
    const lines: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(0x0a, at);
      const piece = bytes.subarray(at, end < 0 ? bytes.length : end);
      kept += piece.length;
      if (kept > most) throw new Error("it says a line that has no end");
      // The bytes are somebody else's after this call.
      pieces.push(end < 0 ? piece.slice() : piece);
      if (end < 0) break;
      lines.push(decode(pieces, kept));
      pieces = [];
      kept = 0;
      at = end + 1;
    }
    return lines;
  };

  function decode(parts: readonly Uint8Array[], length: number): string {
    const [first] = parts;
    if (parts.length === 1) return decoder.decode(first);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return decoder.decode(whole);
  }
}
