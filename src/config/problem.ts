import { EXIT, UserError } from "../errors.ts";
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
  const lines = issues.slice(0, ISSUES_MAX).map((issue) => {
    const place = file === null ? "command line" : `${file}:${issue.at.line}:${issue.at.column}`;
    return issue.path === ""
      ? `${place}: ${issue.problem}`
      : `${place}: ${issue.path}: ${issue.problem}`;
  });
  if (issues.length > ISSUES_MAX) lines.push(`and ${issues.length - ISSUES_MAX} more`);
  const hints = issues.slice(0, ISSUES_MAX).flatMap((issue) => issue.hint ?? []);
  return new UserError(lines.join("\n"), {
    exit: file === null ? EXIT.usage : EXIT.config,
    code: file === null ? "usage" : "config-invalid",
    hint: hints.length === 0
      ? "See docs/configuration.md, or run: sandcage config schema"
      : [...new Set(hints)].join("\n"),
  });
}
