import { EXIT, UserError } from "../errors.ts";
import type { Origin } from "./merge.ts";
import type { Position } from "./tree.ts";
import type { Issue } from "./validate.ts";

/** Most issues one message lists; the rest is counted. */
const ISSUES_MAX = 10;

/** The error of a file that cannot be used as a whole. */
export function fileProblem(
  file: string,
  problem: string,
  options: { at?: Position; hint?: string; unreadable?: boolean; cause?: unknown } = {},
): UserError {
  const place = options.at === undefined ? file : `${file}:${options.at.line}:${options.at.column}`;
  return new UserError(`${place}: ${problem}`, {
    exit: EXIT.config,
    code: options.unreadable === true ? "config-unreadable" : "config-invalid",
    hint: options.hint ?? "Correct it, then run: sandcage config check",
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

/**
 * The error of a file whose values are wrong: one line per issue, each with its place. `file` is
 * `null` for the command line.
 */
export function issuesProblem(file: string | null, issues: readonly Issue[]): UserError {
  return listProblem(
    issues.map((issue) => ({ ...issue, place: formatPlace({ file, ...issue.at }) })),
    { isFlag: file === null },
  );
}

/** What is wrong with a value of the merged configuration. */
export type PlacedIssue = {
  path: string;
  problem: string;
  hint?: string;
  /** Where the value was said; `undefined` when nothing said it. */
  origin: Origin | undefined;
};

/** The error of values that are wrong together, whichever files they come from. */
export function placedProblem(issues: readonly PlacedIssue[]): UserError {
  return listProblem(
    issues.map((issue) => ({ ...issue, place: formatPlace(issue.origin) })),
    { isFlag: issues.every(({ origin }) => origin?.layer === "flags") },
  );
}

type ListedIssue = { place: string; path: string; problem: string; hint?: string };

function listProblem(issues: readonly ListedIssue[], options: { isFlag: boolean }): UserError {
  const lines = issues.slice(0, ISSUES_MAX).map(({ place, path, problem }) =>
    path === "" ? `${place}: ${problem}` : `${place}: ${path}: ${problem}`
  );
  if (issues.length > ISSUES_MAX) lines.push(`and ${issues.length - ISSUES_MAX} more`);
  const hints = issues.slice(0, ISSUES_MAX).flatMap((issue) => issue.hint ?? []);
  return new UserError(lines.join("\n"), {
    exit: options.isFlag ? EXIT.usage : EXIT.config,
    code: options.isFlag ? "usage" : "config-invalid",
    hint: hints.length === 0
      ? "See docs/configuration.md, or run: sandcage config schema"
      : [...new Set(hints)].join("\n"),
  });
}

type Place = { file: string | null; line: number | null; column: number | null };

function formatPlace(place: Place | undefined): string {
  if (!place?.file) return "command line";
  return `${place.file}:${place.line ?? 1}:${place.column ?? 1}`;
}
