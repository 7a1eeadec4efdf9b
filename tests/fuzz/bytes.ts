/** Text as bytes, one byte for each character up to U+00FF. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Bytes as text, one character for each byte: nothing is lost or refused. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** Numbers, texts and bytes as one array; numbers are single bytes. */
export function pack(...parts: (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => {
    if (typeof part === "number") return [part];
    return [...(typeof part === "string" ? bytesOf(part) : part)];
  }));
}

/** A number as so many bytes, the highest first. */
export function bigEndian(value: number, size: 1 | 2 | 3 | 4): number[] {
  return [24, 16, 8, 0].slice(4 - size).map((shift) => (value >>> shift) & 0xff);
}
