import { Buffer } from "node:buffer";
import type { Hit, Scanner } from "./scanner.ts";
import type { TokenPattern } from "./tokens.ts";

/** The search of one body, chunk by chunk. */
export type BodyScan = {
  /**
   * Searches what can be judged by now.
   *
   * @returns How many bytes from the start of the body hold nothing and no start of anything.
   */
  write(chunk: Buffer): number;
  /** Searches the rest. */
  end(): void;
};

/** Smaller chunks are gathered to this: joining costs as much as what was kept, for each. */
const STEP = 4096;

/** Starts the search of one body. `onHit` may throw, which ends it. */
export function createBodyScan(
  scanner: Scanner,
  options: { skip: ReadonlySet<TokenPattern>; onHit: (hit: Hit) => void },
): BodyScan {
  const { skip, onHit } = options;
  const { reach, context } = scanner;
  /** What is still needed of what was written. */
  let kept: Buffer = Buffer.alloc(0);
  /** Bytes written before `kept`. */
  let base = 0;
  /** Up to where starts were judged, from the start of the body. */
  let judged = 0;
  const search = (data: Buffer, range: { base: number; to: number }) => {
    const [from, to] = [judged - range.base, range.to - range.base];
    if (to <= from) return;
    scanner.find(data, { from, to }, { skip }).forEach(onHit);
    judged = range.to;
  };
  let gathered: Buffer[] = [];
  let gatheredLength = 0;
  const gather = (): Buffer => {
    const chunk = gathered.length === 1 ? gathered[0]! : Buffer.concat(gathered);
    gathered = [];
    gatheredLength = 0;
    return chunk;
  };
  /** Joins only what lies around the seam: the rest of a large chunk is searched where it is. */
  const searchLarge = (chunk: Buffer) => {
    const start = base + kept.length;
    const seam = Buffer.concat([kept, chunk.subarray(0, context + reach)]);
    search(seam, { base, to: start + context });
    search(chunk, { base: start, to: start + chunk.length - reach });
    kept = chunk;
    base = start;
  };
  return {
    write(piece) {
      gathered.push(piece);
      gatheredLength += piece.length;
      if (gatheredLength < STEP) return judged;
      const chunk = gather();
      if (chunk.length > 2 * (context + reach)) {
        searchLarge(chunk);
      } else {
        kept = Buffer.concat([kept, chunk]);
        search(kept, { base, to: base + kept.length - reach });
      }
      const spent = Math.max(0, judged - base - context);
      kept = kept.subarray(spent);
      base += spent;
      return judged;
    },
    end() {
      kept = Buffer.concat([kept, gather()]);
      search(kept, { base, to: base + kept.length });
    },
  };
}
