import { dirname, join, resolve } from "node:path";
import { isSameOrInside } from "./refused.ts";
import { findGitValue, parseGitConfig } from "./git_config.ts";

/** What a working tree's `.git` is, found by reading files: git itself is never run. */
export type GitPlace =
  | { git: "none" }
  /** A `.git` that must not be followed; `note` says why, for a warning. */
  | { git: "none"; note: string }
  | { git: "repository" | "worktree" | "submodule"; gitDir: string; commonDir: string };

/**
 * Reads what `dir/.git` is. A `.git` file or symlink is content an earlier agent may have written, so
 * a git directory outside `dir` is believed only when it points back: the agent could not have
 * written that end.
 *
 * @param dir Canonical absolute path of the working tree.
 */
export async function readGitPlace(dir: string): Promise<GitPlace> {
  const dotGit = join(dir, ".git");
  const stat = await lstatOrUndefined(dotGit);
  if (stat === undefined) return { git: "none" };
  if (stat.isDirectory) {
    return await isGitDir(dotGit)
      ? { git: "repository", gitDir: dotGit, commonDir: dotGit }
      : { git: "none", note: `${dotGit} is not a git directory: it has no HEAD` };
  }
  if (stat.isSymlink) return await readSymlink(dir, dotGit);
  return await readGitFile(dir, dotGit);
}

/** Asks whether a directory has what makes git take it for a git directory. */
export async function isGitDir(path: string): Promise<boolean> {
  const [head, objects, common] = await Promise.all([
    lstatOrUndefined(join(path, "HEAD")),
    lstatOrUndefined(join(path, "objects")),
    lstatOrUndefined(join(path, "commondir")),
  ]);
  return head !== undefined && (objects !== undefined || common !== undefined);
}

async function readSymlink(dir: string, dotGit: string): Promise<GitPlace> {
  const real = await realPathOrUndefined(dotGit);
  if (real === undefined || !await isGitDir(real)) {
    return { git: "none", note: `${dotGit} is a symlink that leads to no git directory` };
  }
  if (!isSameOrInside(real, dir)) {
    return { git: "none", note: `${dotGit} is a symlink to ${real}, outside the project` };
  }
  return { git: "repository", gitDir: real, commonDir: real };
}

async function readGitFile(dir: string, dotGit: string): Promise<GitPlace> {
  const text = await readSmall(dotGit);
  const target = /^gitdir: (.+?)\r?\n*$/s.exec(text ?? "")?.[1];
  if (target === undefined) return { git: "none", note: `${dotGit} is not a gitdir file` };
  const gitDir = await realPathOrUndefined(resolve(dir, target));
  if (gitDir === undefined || !await isGitDir(gitDir)) {
    return { git: "none", note: `${dotGit} points to ${target}, which is no git directory` };
  }
  const commonText = await readSmall(join(gitDir, "commondir"));
  return commonText === undefined
    ? await readSubmodule(dir, gitDir)
    : await readWorktree(dir, { dotGit, gitDir, commonText });
}

async function readWorktree(
  dir: string,
  file: { dotGit: string; gitDir: string; commonText: string },
): Promise<GitPlace> {
  const { dotGit, gitDir } = file;
  const commonDir = await realPathOrUndefined(resolve(gitDir, file.commonText.trimEnd()));
  const back = (await readSmall(join(gitDir, "gitdir")))?.replace(/\r?\n$/, "");
  const backReal = back === undefined
    ? undefined
    : await realPathOrUndefined(dirname(resolve(gitDir, back)));
  if (
    commonDir === undefined || !await isGitDir(commonDir) || backReal !== dir ||
    dirname(gitDir) !== join(commonDir, "worktrees")
  ) {
    return {
      git: "none",
      note: `${dotGit} points to ${gitDir}, which does not point back; run: git worktree repair`,
    };
  }
  return { git: "worktree", gitDir, commonDir };
}

async function readSubmodule(dir: string, gitDir: string): Promise<GitPlace> {
  const config = await readSmall(join(gitDir, "config"));
  const worktree = config === undefined
    ? undefined
    : findGitValue(parseGitConfig(config), "core.worktree");
  const back = worktree === undefined
    ? undefined
    : await realPathOrUndefined(resolve(gitDir, worktree));
  if (back !== dir && !isSameOrInside(gitDir, dir)) {
    return {
      git: "none",
      note:
        `${
          join(dir, ".git")
        } points to ${gitDir}, whose core.worktree does not point back; set it with: ` +
        `git config core.worktree`,
    };
  }
  return { git: "submodule", gitDir, commonDir: gitDir };
}

/** Upper bound of pointer and config files read here, in bytes: real ones are far below. */
const MAX_BYTES = 1 << 20;

async function readSmall(path: string): Promise<string | undefined> {
  const stat = await lstatOrUndefined(path);
  if (stat === undefined || !stat.isFile || stat.size > MAX_BYTES) return undefined;
  return await Deno.readTextFile(path);
}

async function lstatOrUndefined(path: string): Promise<Deno.FileInfo | undefined> {
  return await absentAsUndefined(() => Deno.lstat(path));
}

async function realPathOrUndefined(path: string): Promise<string | undefined> {
  return await absentAsUndefined(() => Deno.realPath(path));
}

async function absentAsUndefined<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof Deno.errors.FilesystemLoop) return undefined;
    throw error;
  }
}
