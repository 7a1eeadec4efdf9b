import { basename, dirname, resolve } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { readGitPlace } from "./gitdir.ts";
import { findRefusal } from "./refused.ts";

/** The directory a cage works on. */
export type Project = {
  /** Canonical absolute path: symlinks resolved. */
  path: string;
  basename: string;
  /** `repository`: `.git` is a directory; the others have a `.git` file. */
  git: "none" | "repository" | "worktree" | "submodule";
  /** The git directory of this working tree. */
  gitDir?: string;
  /** Where config, hooks and objects are; differs from `gitDir` in a worktree only. */
  commonDir?: string;
  /** Why a `.git` that exists is not followed. */
  gitNote?: string;
};

/**
 * Finds the project of the current directory or of `path`: the nearest directory upwards that holds a
 * `.git`, else the directory itself. Only reads files; git is never run.
 *
 * A repository that could not be a project (a home directory kept in git) does not capture the
 * directories below it.
 *
 * @throws {UserError} `project-refused` when there is no such directory, or when it may never be
 * mounted.
 */
export async function findProject(options: { host: Host; path?: string }): Promise<Project> {
  const { host } = options;
  const wanted = resolve(host.cwd, options.path ?? ".");
  const start = await readDirectory(wanted);
  const refusal = await findRefusal(start, host);
  if (refusal !== undefined) throw refused(start, refusal);
  for (let dir = start; dirname(dir) !== dir; dir = dirname(dir)) {
    const found = await readPlace(dir);
    if (found.git === "none" && !("note" in found)) continue;
    if (dir !== start && await findRefusal(dir, host) !== undefined) break;
    if (found.git !== "none") return { path: dir, basename: basename(dir), ...found };
    if (dir === start && "note" in found) {
      return { path: dir, basename: basename(dir), git: "none", gitNote: found.note };
    }
  }
  return { path: start, basename: basename(start), git: "none" };
}

/**
 * The project at a path that is on record. Nothing of it is mounted, so nothing is refused; one that
 * is gone from the host is a project still.
 */
export async function recordedProject(path: string): Promise<Project> {
  const found = await readPlace(path);
  const place = found.git === "none" ? { git: "none" as const } : found;
  return { path, basename: basename(path), ...place };
}

/** Formats a path for a message: quoted, so that blanks, newlines and escapes stay visible. */
export function formatPath(path: string): string {
  return JSON.stringify(path);
}

async function readPlace(dir: string): ReturnType<typeof readGitPlace> {
  try {
    return await readGitPlace(dir);
  } catch (cause) {
    throw new UserError(`Cannot read the git directory of ${formatPath(dir)}: ${reason(cause)}`, {
      hint: "Make it readable for your user",
      exit: EXIT.config,
      code: "project-refused",
      cause,
    });
  }
}

async function readDirectory(wanted: string): Promise<string> {
  let real: string;
  try {
    real = await Deno.realPath(wanted);
    if ((await Deno.stat(real)).isDirectory) {
      // Opening it is the only proof that it can be read.
      for await (const _ of Deno.readDir(real)) break;
      return real;
    }
  } catch (cause) {
    const isAbsent = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory;
    throw new UserError(`Cannot use ${formatPath(wanted)} as the project: ${reason(cause)}`, {
      hint: isAbsent
        ? "Give an existing directory with -p PATH"
        : "Make it readable for your user, or give another directory with -p PATH",
      exit: EXIT.config,
      code: "project-refused",
      cause,
    });
  }
  throw new UserError(`Cannot use ${formatPath(real)} as the project: it is not a directory`, {
    hint: `Give the directory: -p ${formatPath(dirname(real))}`,
    exit: EXIT.config,
    code: "project-refused",
  });
}

function refused(path: string, why: string): UserError {
  return new UserError(`Cannot use ${formatPath(path)} as the project: it is ${why}`, {
    hint: "An agent in a cage could read and change everything in it. " +
      "Change to a project directory below it, or give one with -p PATH",
    exit: EXIT.config,
    code: "project-refused",
  });
}

function reason(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "there is no such directory";
  if (cause instanceof Deno.errors.NotADirectory) return "a part of the path is not a directory";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (cause instanceof Deno.errors.FilesystemLoop) return "its symlinks form a loop";
  return cause instanceof Error ? cause.message : String(cause);
}
