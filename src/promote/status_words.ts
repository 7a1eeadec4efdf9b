import { unreachable } from "../errors.ts";
import type { LookOutcome } from "./look.ts";
import { visibleText } from "../transfer/visible.ts";
import type { Side } from "./sides.ts";
import { shortBranch } from "./waits.ts";

/** How promotion stands: what people and programs are told of one look. */
export type PromoteState = "idle" | "landed" | "held" | "paused" | "failed";

/** A look in words. */
export type LookWords = {
  state: PromoteState;
  /** One sentence. */
  text: string;
  /** What to do, where there is something. */
  next?: string;
  /** Paths that stand in the way. */
  paths: readonly string[];
};

/**
 * Says what a look led to. Pure.
 *
 * @param options.act Whether it was only to tell. Defaults to `land`.
 */
export function describeLook(
  outcome: LookOutcome,
  options: { branch: string; act?: "land" | "tell" },
): LookWords {
  const branch = JSON.stringify(shortBranch(options.branch));
  switch (outcome.kind) {
    case "idle":
      return { state: "idle", text: `Everything that is committed is on ${branch}`, paths: [] };
    case "landed": {
      const verb = options.act === "tell" ? "would land" : "landed";
      const { commits, changed, to } = outcome;
      return {
        state: "landed",
        text: `${count(commits, "commit")} ${verb} on ${branch}: ${count(changed.length, "file")}` +
          (options.act === "tell" ? "" : `, now at ${to.slice(0, 12)}`),
        paths: [],
      };
    }
    case "waiting": {
      const { wait } = outcome;
      return {
        state: wait.kind,
        text: wait.text,
        next: wait.hint,
        paths: wait.kind === "paused" ? wait.paths : [],
      };
    }
    case "failed":
      return {
        state: "failed",
        text: outcome.failure.text,
        next: outcome.failure.hint,
        paths: [],
      };
    default:
      return unreachable(outcome);
  }
}

/** A look as lines of a log. Pure. */
export function formatLook(words: LookWords, options: { pending: number }): string {
  const { state, text, next, paths } = words;
  const pending = options.pending > 0 ? ` (${count(options.pending, "commit")})` : "";
  const hint = next === undefined ? "" : `; ${next}`;
  return [`${state}${pending}: ${text}${hint}`, ...paths.map((path) => `  ${path}`)].join("\n");
}

/** Other branches as lines of a log. Pure. */
export function formatSides(sides: readonly Side[]): string {
  if (sides.length === 0) return "no other branches";
  return sides.map(({ name, branch, problem }) =>
    visibleText(
      problem === undefined
        ? `branch ${name}: on ${branch ?? "none any more, it was removed"}`
        : `branch ${name} stays inside: ${problem}`,
    )
  ).join("\n");
}

/** A look in words, a few lines. Pure. */
export function formatWords({ text, next, paths }: LookWords): string {
  const lines = [text, ...paths.slice(0, MOST_PATHS).map((path) => `  ${path}`)];
  if (paths.length > MOST_PATHS) lines.push(`  and ${paths.length - MOST_PATHS} more`);
  return [...lines, ...(next === undefined ? [] : [next])].join("\n");
}

const MOST_PATHS = 10;

/** A number with its noun. */
export function count(number: number, one: string): string {
  return `${number} ${number === 1 ? one : `${one}s`}`;
}
