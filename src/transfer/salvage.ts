import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { isProblem, type TreeEntry, type TreeProblem } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Platform } from "../tree/paths.ts";
import { bringEntries } from "./bring.ts";
import { explainHostFailure } from "./host_failure.ts";
import type { TransferState } from "./progress.ts";
import type { CopyCage, Courier } from "./types.ts";

/** Everything below `/work` that can cross, and what cannot. */
export type WorkTree = { entries: TreeEntry[]; problems: TreeProblem[] };

/** Names at the top of `/work` that are sandcage's own while it works. */
const OWN = /^\.(?:sandcage-|patches(?:\/|$)|incoming(?:\/|$))/;

/** Walks all of a cage's files, ignored ones and caches too; repositories are not entered. */
export async function scanWork(courier: Pick<Courier, "scan">): Promise<WorkTree> {
  const tree: WorkTree = { entries: [], problems: [] };
  for await (const items of courier.scan("", [])) {
    for (const item of items) {
      if (OWN.test(item.path)) continue;
      if (isProblem(item)) tree.problems.push(item);
      else tree.entries.push(item);
    }
  }
  return tree;
}

/**
 * Makes the directory that everything goes to; one that is there must be empty.
 *
 * @returns Its path, symlinks resolved.
 * @throws {UserError} Of code `conflict`, when something is in it.
 */
export async function makeFreshDir(path: string): Promise<string> {
  try {
    await Deno.mkdir(path, { recursive: true });
    for await (const _ of Deno.readDir(path)) {
      throw new UserError(`Nothing was written: ${formatPath(path)} is not empty`, {
        hint: "Choose another directory with --output-dir, or remove that one",
        exit: EXIT.conflict,
        code: "conflict",
      });
    }
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory) {
      throw new UserError(`Nothing was written: ${formatPath(path)} is no directory`, {
        hint: "Choose another one with --output-dir",
        exit: EXIT.conflict,
        code: "conflict",
        cause: error,
      });
    }
    throw explainHostFailure(error, { target: path, cage: { name: "" } });
  }
}

/** What came out, and what did not. */
export type Salvaged = {
  paths: number;
  bytes: number;
  /** Archives of repositories, below the directory. */
  repositories: string[];
  left: { path: string; reason: string }[];
};

/** Where it comes from and goes to. */
export type SalvageWork = {
  cage: Pick<CopyCage, "name">;
  courier: Pick<Courier, "read" | "repositories">;
  tree: WorkTree;
  /** A directory with nothing in it, absolute, symlinks resolved. */
  target: string;
  fs: TreeFs;
  platform: Platform;
  onProgress?(state: TransferState): void;
};

/** Brings everything out: files as they are, repositories as archives that nobody here opens. */
export async function applySalvage(work: SalvageWork): Promise<Salvaged> {
  const { tree, target, fs } = work;
  const brought = await bringEntries({
    ...work,
    root: "",
    entries: tree.entries,
    stageDir: join(target, ".sandcage-salvage.tmp"),
  }).catch((error) => {
    if (fs.list(target).length === 0) fs.remove(target);
    throw error;
  });
  const repositories: string[] = [];
  for (const { path, kind } of tree.entries) {
    if (kind !== "dir" || path.includes("/")) continue;
    const name = await saveRepositories(path, work);
    if (name !== undefined) repositories.push(name);
  }
  // An agent may have made one of all its directories.
  const whole = await saveRepositories("", work);
  if (whole !== undefined) repositories.push(whole);
  return {
    paths: brought.paths,
    bytes: brought.bytes,
    repositories,
    left: [
      ...tree.problems.map(({ path, problem }) => ({ path, reason: REASONS[problem] })),
      ...brought.missed.map((path) => ({ path, reason: "it changed or could not be read" })),
      ...brought.twins.map((path) => ({
        path,
        reason: "this file system takes its name for another one's",
      })),
      ...brought.refusedLinks.map((path) => ({
        path,
        reason: "a symlink that leads outside through another one",
      })),
    ].sort((a, b) => a.path < b.path ? -1 : 1),
  };
}

const REASONS: Readonly<Record<TreeProblem["problem"], string>> = {
  "unreadable": "it cannot be read",
  "not UTF-8": "its name is no UTF-8",
  "special file": "a pipe, socket or device",
  "unsafe name": "a name that is not safe everywhere",
  "unsafe link": "a symlink that leads outside",
  "changed while read": "it changed meanwhile",
};

/** Writes the archive of a directory's repositories; `undefined` when it has none. */
async function saveRepositories(
  root: string,
  { cage, courier, target, fs }: SalvageWork,
): Promise<string | undefined> {
  const title = root === "" ? "work" : root;
  let name = `${title}.git.tar`;
  for (let count = 2; fs.lstat(`${target}/${name}`) !== undefined; count++) {
    name = `${title}.git-${count}.tar`;
  }
  const part = `${target}/${name}.part`;
  let repositories = 0;
  try {
    const file = fs.openNew(part, 0o600);
    try {
      const onCount = (count: number) => repositories = count;
      for await (const bytes of courier.repositories(root, { onCount })) file.write(bytes);
      file.sync();
    } finally {
      file.close();
    }
    if (repositories > 0) fs.rename(part, `${target}/${name}`);
    else fs.remove(part);
  } catch (error) {
    if (fs.lstat(part) !== undefined) fs.remove(part);
    throw explainHostFailure(error, { target, cage });
  }
  return repositories > 0 ? name : undefined;
}
