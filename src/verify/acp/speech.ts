import { concat } from "../../promote/bytes.ts";

/** Bytes of the longest line, of noise, and at once that random ones are given. */
const LONG_BYTES = 10_000_000;
const NOISE_BYTES = 50_000;

/**
 * What an editor says to an agent that gives all of it back: a line of 10 MB, characters of several
 * bytes, lines that are no messages, any bytes at all, and one that has no end.
 */
export function makeSpeech(): Uint8Array {
  const encode = (text: string) => new TextEncoder().encode(text);
  return concat([
    encode('{"jsonrpc":"2.0","method":"_ünï","params":{"text":"é日👋\u2028"}}\n'),
    encode('npm warn\n\n\r\n{"half\n[1,2]\n\0\n\ufeff{}\n'),
    crypto.getRandomValues(new Uint8Array(NOISE_BYTES)),
    encode(
      `\n{"jsonrpc":"2.0","method":"_big","params":{"text":"${"日".repeat(LONG_BYTES / 3)}"}}\n`,
    ),
    encode('{"jsonrpc":"2.0","method":"_unfini'),
  ]);
}
