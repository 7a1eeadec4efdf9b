import type { DirDigest, DirDigests, KnownItem } from "./dir_digest.ts";
import { isExecutable, type TreeItem, type TreeProblem } from "./entry.ts";
import type { DirStats, TreeFs, TreeStat } from "./fs.ts";
import { type CompiledSource, findSource, mayMatch } from "./ignore_rules.ts";
import type { Platform } from "./paths.ts";
import { formatBytes, isPlain, toItem } from "./walk_item.ts";

/** How a tree is walked. */
export type Walk = {
  fs: TreeFs;
  platform: Platform;
  known: DirDigests;
  /** Begins what a known directory is compared by. */
  digest(): DirDigest;
  /** What applies in a directory; `undefined` when that cannot be told. */
  enter(
    dir: string,
    at: { parent: readonly CompiledSource[]; names: readonly string[] },
  ): readonly CompiledSource[] | undefined;
};

/** A directory that is being walked. */
type Level = {
  /** Path of the directory with a `/` behind it; empty for the root. */
  prefix: string;
  /** Sorted; what is no UTF-8 as people read it. */
  names: readonly string[];
  /** Which of the names are no UTF-8; absent when none is. */
  bad?: readonly boolean[];
  next: number;
  sources: readonly CompiledSource[];
  stats: DirStats | undefined;
  /** It is as it is known: only its directories and links are of interest. */
  isSame: boolean;
};

type Seen = Omit<TreeStat, "identity"> | "unreadable" | undefined;

/**
 * Walks a tree in `comparePaths` order. A mark of a directory comes before all that is in it.
 *
 * @throws When the root is no directory that can be read.
 */
export function* walk(root: string, options: Walk): Generator<KnownItem> {
  const first = open("", { root, parent: [], options });
  if ("problem" in first) return yield first;
  if (first.isSame) yield { path: "", same: true };
  const levels: Level[] = [first];
  const at = { root, options };
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const index = level.next++;
    if (index >= level.names.length) {
      levels.pop();
      continue;
    }
    const item = see(level, index, at);
    if (item === undefined) continue;
    if ("problem" in item || item.kind !== "dir") {
      // Nobody but the walk knows the times of a link.
      if (!level.isSame || "target" in item) yield item;
      continue;
    }
    const entered = open(item.path, { root, parent: level.sources, options });
    if ("problem" in entered) {
      yield entered;
      continue;
    }
    if (entered.isSame) yield { path: item.path, same: true };
    if (!level.isSame) yield item;
    levels.push(entered);
  }
}

/**
 * What is at a name of a directory; `undefined` for what is gone or excluded, and for files of a
 * directory that is as it is known.
 */
function see(
  level: Level,
  index: number,
  at: { root: string; options: Walk },
): TreeItem | undefined {
  const path = level.prefix + level.names[index]!;
  if (level.bad?.[index] === true) return { path, problem: "not UTF-8" };
  const stat = look(level, index, at);
  if (stat === undefined) return undefined;
  if (level.isSame && stat !== "unreadable" && stat.kind === "file") return undefined;
  if (isExcluded(level, index, stat)) return undefined;
  if (stat === "unreadable") return { path, problem: "unreadable" };
  const { root, options: { fs, platform } } = at;
  return toItem(path, { stat, fs, root, platform });
}

function look(level: Level, index: number, at: { root: string; options: Walk }): Seen {
  const stat = level.stats?.get(index);
  if (stat !== undefined) return stat;
  try {
    return at.options.fs.lstat(`${at.root}/${level.prefix}${level.names[index]}`);
  } catch {
    return "unreadable";
  }
}

function isExcluded({ prefix, names, sources }: Level, index: number, stat: Seen): boolean {
  const name = names[index]!;
  if (!mayMatch(sources, name)) return false;
  const directory = typeof stat === "object" && stat.kind === "dir";
  const asked = { path: prefix + name, name, directory };
  return findSource({ excludedBy: undefined, sources }, asked) !== undefined;
}

function open(
  dir: string,
  at: { root: string; parent: readonly CompiledSource[]; options: Walk },
): Level | TreeProblem {
  const { root, parent, options: { fs, enter, known } } = at;
  const full = dir === "" ? root : `${root}/${dir}`;
  let listed: (string | Uint8Array)[];
  try {
    listed = fs.list(full);
  } catch (error) {
    // Nothing can be said about a tree without its root.
    if (dir === "") throw error;
    return { path: dir, problem: "unreadable" };
  }
  const good = listed.filter((name) => typeof name === "string" && name !== ".git") as string[];
  good.sort();
  const sources = enter(dir, { parent, names: good });
  if (sources === undefined) return { path: dir, problem: "unreadable" };
  const level: Level = {
    prefix: dir === "" ? "" : `${dir}/`,
    ...mergeNames(good, listed.filter((name) => typeof name !== "string")),
    next: 0,
    sources,
    stats: undefined,
    isSame: false,
  };
  level.stats = fs.lstatIn?.(full, level.names);
  const digest = known.get(dir);
  level.isSame = digest !== undefined && digestLevel(level, at) === digest;
  return level;
}

/** Puts names that are no UTF-8 among the sorted others, as people read them. */
function mergeNames(
  good: readonly string[],
  bad: readonly Uint8Array[],
): Pick<Level, "names" | "bad"> {
  if (bad.length === 0) return { names: good };
  const all = [
    ...good.map((name) => ({ name, isBad: false })),
    ...bad.map((bytes) => ({ name: formatBytes(bytes), isBad: true })),
  ];
  all.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  return { names: all.map(({ name }) => name), bad: all.map(({ isBad }) => isBad) };
}

/** What a directory can be known by; `undefined` when that is nothing. */
function digestLevel(level: Level, at: { root: string; options: Walk }): string | undefined {
  const { platform, digest: begin } = at.options;
  const digest = begin();
  for (let index = 0; index < level.names.length; index++) {
    const name = level.names[index]!;
    const stat = look(level, index, at);
    const isFile = typeof stat === "object" && stat.kind === "file";
    if (isFile && isPlain(name, { prefix: level.prefix, platform })) {
      // The usual ones, without making anything of them.
      if (isExcluded(level, index, stat)) continue;
      const executable = (stat.mode & 0o100) !== 0;
      digest.add({ path: name, kind: "file", executable, size: stat.size, times: stat });
      continue;
    }
    const item = see(level, index, at);
    if (item === undefined) continue;
    if ("problem" in item) return undefined;
    digest.add({ ...item, executable: isExecutable(item), times: item });
  }
  return digest.end();
}
