/** Longest that shrinking may take, in milliseconds. */
const MOST_MS = 10_000;

/**
 * The shortest input found that still does what the first one did: ever smaller pieces are left out,
 * then what is left is made plain.
 *
 * @param fails Whether an input still does it.
 */
export function shrink(
  bytes: Uint8Array<ArrayBuffer>,
  fails: (bytes: Uint8Array<ArrayBuffer>) => boolean,
): Uint8Array<ArrayBuffer> {
  const endMs = performance.now() + MOST_MS;
  let best = bytes;
  const isBetter = (tried: Uint8Array<ArrayBuffer>) => {
    if (performance.now() > endMs || !fails(tried)) return false;
    best = tried;
    return true;
  };
  for (let size = best.length >> 1; size > 0; size = size >> 1) {
    for (let at = 0; at < best.length;) {
      if (!isBetter(without(best, at, at + size))) at += size;
    }
  }
  for (let at = 0; at < best.length; at++) {
    if (best[at] === PLAIN) continue;
    const plain = best.slice();
    plain[at] = PLAIN;
    isBetter(plain);
  }
  return best;
}

/** The letter a. */
const PLAIN = 0x61;

function without(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const rest = new Uint8Array(bytes.length - (Math.min(end, bytes.length) - start));
  rest.set(bytes.subarray(0, start));
  rest.set(bytes.subarray(end), start);
  return rest;
}
