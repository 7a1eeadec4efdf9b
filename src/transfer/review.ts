import { isExecutable } from "../tree/entry.ts";
import type { PlannedWrite, TransferPlan } from "./plan_transfer.ts";
import { REVIEW_RULES } from "./review_rules.ts";

/** A path that tools run or trust on sight, and why. */
export type Reviewed = {
  path: string;
  /** Completes "…: ", as in "direnv runs it when you enter the directory". */
  reason: string;
};

/** A file's text on both sides; absent where there is none, or nobody has read it. */
export type Texts = { before?: string; after?: string };

/** Gives the texts of a path. */
export type TextsOf = (path: string) => Texts | undefined;

/** Whether the review of a path depends on what is in it, so that it should be read. Pure. */
export function needsReviewText(path: string): boolean {
  return nameOf(path) === "package.json";
}

/**
 * Lists what of a plan tools execute or trust without being asked. Pure. What is not changed is not
 * listed; what cannot be told is.
 */
export function reviewWrites(
  plan: Pick<TransferPlan, "writes" | "modes">,
  options: { textsOf?: TextsOf } = {},
): Reviewed[] {
  const found: Reviewed[] = [];
  for (const write of plan.writes) {
    const reason = findReason(write, options.textsOf?.(write.path));
    if (reason !== undefined) found.push({ path: write.path, reason });
  }
  for (const { path, executable } of plan.modes) {
    if (executable) found.push({ path, reason: "it becomes a program" });
  }
  return found.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}

function findReason(write: PlannedWrite, texts: Texts | undefined): string | undefined {
  const { path, entry, replaced } = write;
  if (entry.kind === "dir") return undefined;
  if (needsReviewText(path)) return findPackageReason(texts);
  const lower = path.toLowerCase();
  const rule = REVIEW_RULES.find(({ pattern }) => pattern.test(lower));
  if (rule !== undefined) return rule.reason;
  const wasProgram = replaced !== undefined && isExecutable(replaced);
  return isExecutable(entry) && !wasProgram ? "it is a new program" : undefined;
}

/** Fields of package.json by which a package manager runs something or takes code from elsewhere. */
const PACKAGE_FIELDS = [
  ["scripts", "npm runs its scripts, some of them at install"],
  ["bin", "its programs change"],
  ["dependencies", "its dependencies change, and what they run at install"],
  ["devDependencies", "its dependencies change, and what they run at install"],
  ["optionalDependencies", "its dependencies change, and what they run at install"],
  ["peerDependencies", "its dependencies change, and what they run at install"],
  ["overrides", "its dependencies change, and what they run at install"],
  ["resolutions", "its dependencies change, and what they run at install"],
  ["pnpm", "its package manager's settings change"],
  ["packageManager", "its package manager changes"],
  ["workspaces", "its workspaces change"],
  ["husky", "its git hooks change"],
  ["simple-git-hooks", "its git hooks change"],
  ["gitHooks", "its git hooks change"],
  ["lint-staged", "its git hooks change"],
] as const;

function findPackageReason(texts: Texts | undefined): string | undefined {
  const after = parseObject(texts?.after);
  if (after === undefined) return "npm runs its scripts, and they cannot be read";
  const before = parseObject(texts?.before) ?? {};
  const changed = PACKAGE_FIELDS.find(([field]) => {
    return JSON.stringify(before[field]) !== JSON.stringify(after[field]);
  });
  return changed?.[1];
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).toLowerCase();
}
