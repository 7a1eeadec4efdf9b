import { STATE_WORDS } from "../copy/state.ts";
import type { PromoteStatus } from "../promote/cage/status.ts";
import { visibleText } from "../transfer/visible.ts";
import { formatAge, formatCount } from "./output.ts";

/** More of a list is counted, and not shown. */
const MOST_ROWS = 20;

/** The status of a cage whose commits land by themselves, for people. Pure. */
export function formatPromoteStatus(
  status: PromoteStatus,
  options: { nowMs: number },
): string {
  const ago = (at: string) => `${formatAge(options.nowMs - Date.parse(at))} ago`;
  const { landed, pending, identity } = status;
  const rows: [string, string][] = [
    ["cage", `${status.name} (${status.id}), ${STATE_WORDS[status.cage]}`],
    ["branch", `${visibleText(status.branch)} of ${visibleText(status.project)}`],
    ["state", `${status.state}: ${status.text}`],
    ...status.paths.map((path): [string, string] => ["", path]),
    ...(pending === undefined
      ? []
      : [["pending", formatCount(pending, "commit")] as [string, string]]),
    [
      "landed",
      landed === undefined
        ? "nothing yet"
        : `${formatCount(landed.commits, "commit")} ${ago(landed.at)}, up to ${
          landed.to.slice(0, 12)
        }`,
    ],
    ["author", `${visibleText(identity.name)} <${visibleText(identity.email)}>`],
    ["service", status.service],
    ["made", `${ago(status.createdAt)}, of ${status.base.slice(0, 12)}`],
    ...status.sessions.map((session): [string, string] => [
      "session",
      `${session.service} since ${ago(session.startedAt)} (${session.id})`,
    ]),
    ...status.sides.map(({ name, branch, problem }): [string, string] => [
      "side",
      visibleText(
        problem === undefined
          ? branch === undefined ? `${name}: removed here` : `${name} is on ${branch}`
          : `${name} stays inside: ${problem}`,
      ),
    ]),
    ...status.review.slice(0, MOST_ROWS).map(({ path, reason }): [string, string] => [
      "review",
      `${visibleText(path)}: ${reason}`,
    ]),
    ...(status.review.length > MOST_ROWS
      ? [["review", `and ${status.review.length - MOST_ROWS} more: --json`] as [string, string]]
      : []),
    ...status.problems.map((problem): [string, string] => ["problem", visibleText(problem)]),
    ["next", status.next],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text.replaceAll("\n", " ")}\n`)
    .join("");
}
