import { basename, dirname, join } from "node:path";
import { quoteShell } from "../shell_quote.ts";
import { unreachable } from "../errors.ts";
import { isInside, isSameOrInside } from "../project/refused.ts";
import { formatPath } from "../project/root.ts";
import { readGitPlace } from "../project/gitdir.ts";
import { findIdentity } from "./file_identity.ts";
import { isHarmlessConfig, PLAIN_CONFIG } from "./git_harmless.ts";
import {
  baselineDir,
  findBaseline,
  type GitEntry,
  type GitSnapshot,
  type GitTree,
  readGitEntries,
  removeBaseline,
  writeBaseline,
} from "./git_snapshot.ts";
import { openQuarantine, type Quarantine } from "./quarantine.ts";

/** One piece of host-executed git state that is not as it was. */
export type TamperReport = {
  path: string;
  change: "added" | "changed" | "removed" | "renamed";
  /** `pending`: other sessions still run. `lost`: it could not be restored. */
  outcome: "restored" | "pending" | "lost";
  /** Where the found version is kept. */
  quarantine?: string;
};

/** Keeps the host-executed git state of a cage's working trees over its sessions. */
export type GitGuard = {
  /** What an earlier session, whose client died, had left. Not empty: look for the project again. */
  found: TamperReport[];
  /**
   * Compares at the end of a session. The last one restores and forgets; before that, others may
   * still write, and their masks would be lost: it only reports.
   */
  close(options: { last: boolean }): Promise<TamperReport[]>;
};

/** What a guard watches over. */
export type GitGuardOptions = {
  /** Canonical paths of the working trees the cage can write: the project, additional directories. */
  roots: readonly string[];
  cageDir: string;
  /** Another session of this cage runs: its baseline stays, for it may have tampered already. */
  live: boolean;
  /** Names the quarantine folder; defaults to the clock. */
  nowMs?: () => number;
};

/**
 * Opens the guard before a session: settles what a killed session left, then takes the state to
 * compare with. Only reads and moves files: the host's git is never run.
 */
export async function openGitGuard(options: GitGuardOptions): Promise<GitGuard> {
  const { cageDir, live } = options;
  const nowMs = options.nowMs ?? Date.now;
  const baseline = await findBaseline(cageDir);
  const found = baseline !== undefined && !live
    ? await restore(baseline, cageDir, { nowMs: nowMs() })
    : [];
  if (!live || baseline === undefined) await writeBaseline(cageDir, options.roots);
  return {
    found,
    async close({ last }) {
      const kept = await findBaseline(cageDir);
      if (kept === undefined) return [];
      if (!last) return await compare(kept);
      const reports = await restore(kept, cageDir, { nowMs: nowMs() });
      await removeBaseline(cageDir);
      return reports;
    },
  };
}

/** Formats reports for the user: a loud line each, and how to take the found version back. */
export function formatTamper(reports: readonly TamperReport[]): string[] {
  return reports.map((report) => {
    const what = `Git state your machine executes was ${report.change} during a session: ` +
      formatPath(report.path);
    switch (report.outcome) {
      case "pending":
        return `${what}. Do not run git there; it is restored when the last session ends`;
      case "lost":
        return `${what}. It cannot be restored; look at it before you run git there`;
      case "restored":
        return `${what}. ${formatRestored(report)}`;
      default:
        return unreachable(report.outcome);
    }
  });
}

function formatRestored(report: TamperReport): string {
  if (report.change === "renamed") return "It was renamed back";
  if (report.quarantine === undefined) return "It was restored";
  const undone = report.change === "added" ? "removed" : "restored";
  return `It was ${undone}. If the change was yours: ` +
    `cp -a ${quoteShell(report.quarantine)} ${quoteShell(report.path)}`;
}

async function compare(baseline: GitSnapshot): Promise<TamperReport[]> {
  const now = await readGitEntries(await followNew(baseline.trees));
  const reports: TamperReport[] = [];
  for (const path of unite(baseline.entries, now)) {
    const change = findChange(baseline.entries[path], now[path]);
    if (change === undefined || (change === "added" && await isHarmless(path, baseline))) continue;
    reports.push({ path, change, outcome: "pending" });
  }
  return reports;
}

async function restore(
  baseline: GitSnapshot,
  cageDir: string,
  at: { nowMs: number },
): Promise<TamperReport[]> {
  const quarantine = openQuarantine(cageDir, at.nowMs);
  const reports: TamperReport[] = [];
  for (const tree of baseline.trees) reports.push(...await restoreTree(tree, quarantine));
  const gone = await listGone(baseline.trees);
  const trees = baseline.trees.filter((tree) => !gone.includes(tree.root));
  const now = await readGitEntries(await followNew(trees));
  for (const path of unite(baseline.entries, now)) {
    if (gone.some((dir) => isInside(path, dir))) continue;
    const was = baseline.entries[path];
    const change = findChange(was, now[path]);
    if (change === undefined) continue;
    if (change === "added" && await isHarmless(path, baseline)) continue;
    const isThere = await findIdentity(path) !== undefined;
    // Gone with a directory that was taken away a moment ago.
    if (change === "added" && !isThere) continue;
    const kept = isThere ? await quarantine.take(path) : undefined;
    const isRestored = was === undefined
      ? await fillGap(path, baseline)
      : await putBack(path, was, { saved: baselineDir(cageDir) });
    reports.push({
      path,
      change,
      outcome: isRestored ? "restored" : "lost",
      ...(kept === undefined ? {} : { quarantine: kept }),
    });
  }
  for (const path of gone) {
    if (baseline.trees.some((tree) => tree.commonDir === path)) {
      reports.push({ path, change: "removed", outcome: "lost" });
    }
  }
  return reports;
}

/** Projects and git directories that are no more: putting hooks and config back would fake them. */
async function listGone(trees: readonly GitTree[]): Promise<string[]> {
  const gone: string[] = [];
  for (const path of trees.flatMap((tree) => [tree.root, tree.commonDir ?? tree.root])) {
    if (await findIdentity(path) === undefined && !gone.includes(path)) gone.push(path);
  }
  return gone;
}

/** Brings a `.git` directory that was renamed back to its name. */
async function restoreTree(tree: GitTree, quarantine: Quarantine): Promise<TamperReport[]> {
  const path = join(tree.root, ".git");
  if (tree.dotGit === undefined || tree.commonDir !== path) return [];
  if (await findIdentity(tree.root) === undefined) return [];
  const now = await findIdentity(path);
  if (now?.identity === tree.dotGit) return [];
  const away = await findByIdentity(tree.root, tree.dotGit);
  // Not there any more: what stands at its place, if anything, is compared like any other state.
  if (away === undefined) return [];
  const kept = now === undefined ? undefined : await quarantine.take(path);
  await Deno.rename(away, path);
  return [{
    path,
    change: "renamed",
    outcome: "restored",
    ...(kept === undefined ? {} : { quarantine: kept }),
  }];
}

async function findByIdentity(root: string, identity: string): Promise<string | undefined> {
  for await (const entry of Deno.readDir(root)) {
    const path = join(root, entry.name);
    if (entry.isDirectory && (await findIdentity(path))?.identity === identity) return path;
  }
  return undefined;
}

/** A repository that was made during the session is looked at as well. */
async function followNew(trees: readonly GitTree[]): Promise<GitTree[]> {
  return await Promise.all(trees.map(async (tree) => {
    if (tree.commonDir !== undefined) return tree;
    const place = await readGitPlace(tree.root);
    return place.git === "none" ? tree : { ...tree, commonDir: place.commonDir };
  }));
}

function unite(a: Record<string, GitEntry>, b: Record<string, GitEntry>): string[] {
  // Sorted: a directory comes before what is in it.
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

function findChange(
  was: GitEntry | undefined,
  now: GitEntry | undefined,
): "added" | "changed" | "removed" | undefined {
  if (was === undefined) return now === undefined ? undefined : "added";
  if (now === undefined) return "removed";
  return JSON.stringify(was) === JSON.stringify(now) ? undefined : "changed";
}

/** Asks whether something new is what git itself makes for a new repository, module or worktree. */
async function isHarmless(path: string, baseline: GitSnapshot): Promise<boolean> {
  const stat = await findIdentity(path);
  if (stat === undefined || stat.symlink) return false;
  const name = basename(path);
  // Samples are not listed, so a new directory of hooks is as good as empty; its files are listed.
  if (stat.directory) return name === "hooks";
  if (isKnownGitDir(dirname(path), baseline)) return false;
  const isWorktree = basename(dirname(dirname(path))) === "worktrees";
  if (name === "gitdir" && isWorktree) return true;
  if (stat.links > 1) return false;
  const text = await Deno.readTextFile(path);
  if (name === "commondir" && isWorktree) return text.trimEnd() === "../..";
  return name === "config" && isHarmlessConfig(text);
}

function isKnownGitDir(dir: string, baseline: GitSnapshot): boolean {
  return baseline.trees.some((tree) => tree.commonDir === dir) ||
    Object.keys(baseline.entries).some((path) => dirname(path) === dir && isInside(path, dir));
}

/** A new repository whose config was taken away would not be one any more. */
async function fillGap(path: string, baseline: GitSnapshot): Promise<boolean> {
  if (basename(path) === "config" && !isKnownGitDir(dirname(path), baseline)) {
    await Deno.writeTextFile(path, PLAIN_CONFIG, { createNew: true });
  }
  return true;
}

async function putBack(
  path: string,
  was: GitEntry,
  from: { saved: string },
): Promise<boolean> {
  if (await hasForeignParent(path)) return false;
  await Deno.mkdir(dirname(path), { recursive: true });
  switch (was.type) {
    case "file":
      await Deno.writeFile(path, await Deno.readFile(join(from.saved, was.sha256)), {
        createNew: true,
        mode: was.mode,
      });
      return true;
    case "symlink":
      await Deno.symlink(was.target, path);
      return true;
    case "directory":
      await Deno.mkdir(path, { recursive: true });
      return true;
    case "other":
      return false;
  }
}

/** Asks whether a symlink on the way would lead a restored file elsewhere. */
async function hasForeignParent(path: string): Promise<boolean> {
  for (let up = dirname(path); dirname(up) !== up; up = dirname(up)) {
    const stat = await findIdentity(up);
    if (stat === undefined) continue;
    return !isSameOrInside(await Deno.realPath(up), up);
  }
  return false;
}
