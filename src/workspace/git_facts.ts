import { join } from "node:path";
import { isSameOrInside } from "../project/refused.ts";
import { isGitDir, readGitPlace } from "../project/gitdir.ts";
import { formatPath } from "../project/root.ts";
import { findIdentity } from "./file_identity.ts";
import type { GitFacts, MaskedPath } from "./types.ts";

/**
 * What the host's git executes or obeys in a git directory. `commondir` redirects git to another
 * config; it belongs into worktrees only, so in a common directory it must not appear.
 */
export const HOST_EXECUTED = [
  "config",
  "config.worktree",
  "commondir",
  "hooks",
  "info/attributes",
] as const;

/** What binds a worktree's git directory to its repository and its place. */
const WORKTREE_POINTERS = ["config.worktree", "commondir", "gitdir", "hooks"] as const;

/** Deepest nesting of submodules looked into. */
const MAX_DEPTH = 16;

/** Looks at the git directory of a working tree. Reads files only; git is never run. */
export async function observeGit(root: string): Promise<GitFacts> {
  const place = await readGitPlace(root);
  if (place.git === "none") {
    return { kind: "none", ...("note" in place ? { note: place.note } : {}) };
  }
  const dotGit = await findIdentity(join(root, ".git"));
  const facts = {
    kind: place.git,
    dirs: await toMasked(
      isSameOrInside(place.gitDir, place.commonDir)
        ? [place.commonDir]
        : [place.commonDir, place.gitDir],
    ),
    protect: [] as MaskedPath[],
    absent: [] as string[],
    warnings: [] as string[],
  };
  for (const dir of await listGitDirs(place.commonDir)) {
    for (const name of dir.names) await look(join(dir.path, name), facts);
  }
  return dotGit === undefined || place.git === "repository" ? facts : {
    ...facts,
    pointer: { path: join(root, ".git"), directory: false, identity: dotGit.identity },
  };
}

/** One git directory and the names in it that the host's git executes or obeys. */
export type GitDir = { path: string; names: readonly string[] };

/** Lists a common git directory, its submodules' (nested ones too) and its worktrees'. */
export async function listGitDirs(commonDir: string): Promise<GitDir[]> {
  const dirs: GitDir[] = [{ path: commonDir, names: HOST_EXECUTED }];
  for (const name of await listDirectories(join(commonDir, "worktrees"))) {
    dirs.push({ path: join(commonDir, "worktrees", name), names: WORKTREE_POINTERS });
  }
  await addModules(join(commonDir, "modules"), dirs, { depth: 0 });
  return dirs;
}

async function addModules(
  parent: string,
  dirs: GitDir[],
  at: { depth: number },
): Promise<void> {
  if (at.depth > MAX_DEPTH) return;
  for (const name of await listDirectories(parent)) {
    const path = join(parent, name);
    // A submodule's name may hold slashes: what is no git directory is a part of a name.
    if (await isGitDir(path)) dirs.push(...await listGitDirs(path));
    else await addModules(path, dirs, { depth: at.depth + 1 });
  }
}

async function listDirectories(path: string): Promise<string[]> {
  // Through a symlink an agent could make us list anything; git itself makes none here.
  if ((await findIdentity(path))?.directory !== true) return [];
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
}

async function look(
  path: string,
  facts: { protect: MaskedPath[]; absent: string[]; warnings: string[] },
): Promise<void> {
  const stat = await findIdentity(path);
  if (stat === undefined) {
    // Attributes alone run nothing: they are compared after the session, not worth a pause.
    if (!path.endsWith("attributes")) facts.absent.push(path);
  } else if (stat.symlink) {
    // A mount resolves the link, which would leave the link itself replaceable.
    facts.warnings.push(
      `${formatPath(path)} is a symlink: it cannot be made read-only in the cage, ` +
        "only compared after the session",
    );
  } else {
    facts.protect.push({ path, directory: stat.directory, identity: stat.identity });
  }
}

async function toMasked(paths: readonly string[]): Promise<MaskedPath[]> {
  const masked: MaskedPath[] = [];
  for (const path of paths) {
    const stat = await findIdentity(path);
    if (stat !== undefined) masked.push({ path, directory: true, identity: stat.identity });
  }
  return masked;
}
