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

/** Starts the search of one body. `onHit` may throw, which ends it. */
export function createBodyScan(
  scanner: Scanner,
  options: { skip: ReadonlySet<TokenPattern>; onHit: (hit: Hit) => void },
): BodyScan {
  const { skip, onHit } = options;
  let data: Buffer = Buffer.alloc(0);
  /** Where `data` starts in the body. */
  let base = 0;
  /** Up to where starts were judged, in the body. */
  let judged = 0;
  const search = (to: number) => {
    scanner.find(data, { from: judged - base, to: to - base }, { skip }).forEach(onHit);
    judged = to;
  };
  return {
    write(chunk) {
      const keep = Math.max(0, judged - base - scanner.context);
      data = Buffer.concat([data.subarray(keep), chunk]);
      base += keep;
      const to = base + data.length - scanner.reach;
      if (to > judged) search(to);
      return judged;
    },
    end() {
      search(base + data.length);
    },
  };
}
