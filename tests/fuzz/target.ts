import type { Material } from "./mutate.ts";
import type { Random } from "./random.ts";

/** What a reader made of a case: it took it, or it said no and why. */
export type Verdict = "accepted" | { refused: string };

/** One reader of bytes, called in this process. */
export type Target = {
  /** Its group and its own name, `tar/stream`. */
  name: string;
  material: Material;
  /** Whatever comes is taken: nothing is ever refused. */
  takesAll?: true;
  /** Makes a case; by default a mutation of the material. */
  make?(random: Random): Uint8Array<ArrayBuffer>;
  /**
   * Reads one case. What it draws is the same for equal numbers, whatever the bytes are.
   *
   * @throws If the reader did, or what it said breaks its own promises.
   */
  read(bytes: Uint8Array<ArrayBuffer>, random: Random): Verdict;
};

/** A case that broke a promise, with what it takes to see it again. */
export type Finding = {
  target: string;
  /** Number of the case; below 0 where what is wrong belongs to none. */
  index: number;
  problem: string;
  /** The shortest input that still shows it. */
  input?: Uint8Array;
  /** What the reader's own chance is made of. */
  draw?: number;
  /** How often the same was seen. */
  times?: number;
};

/** Says that a promise was broken unless it was kept. */
export function expect(isKept: boolean, promise: string): asserts isKept {
  if (!isKept) throw new Error(promise);
}
