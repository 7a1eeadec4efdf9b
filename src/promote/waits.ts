import { formatRawPath } from "./raw_path.ts";
import type { Wait } from "./types.ts";

type HeldReason = Extract<Wait, { kind: "held" }>["reason"];
type PausedReason = Extract<Wait, { kind: "paused" }>["reason"];

/** Commits wait for the state of the user's repository. */
export function held(reason: HeldReason, words: { text: string; hint: string }): Wait {
  return { kind: "held", reason, text: words.text, hint: words.hint };
}

/**
 * Commits wait for the user.
 *
 * @param words.paths Bytes, one in each character.
 */
export function paused(
  reason: PausedReason,
  words: { text: string; hint: string; paths: readonly string[] },
): Wait {
  return { kind: "paused", reason, ...words, paths: words.paths.map(formatRawPath) };
}

/** The name of a branch as people know it. */
export function shortBranch(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}
