import type { Material } from "./mutate.ts";
import type { Random } from "./random.ts";

/** One reader of bytes, called in this process. */
export type Target = {
  name: string;
  material: Material;
  /** Reads one case. @throws If the reader did, or what it said breaks its own promises. */
  read(bytes: Uint8Array<ArrayBuffer>, random: Random): void;
};

/** A case that broke a promise, with what it takes to see it again. */
export type Finding = { target: string; index: number; problem: string };

/** Says that a promise was broken unless it was kept. */
export function expect(isKept: boolean, promise: string): asserts isKept {
  if (!isKept) throw new Error(promise);
}
