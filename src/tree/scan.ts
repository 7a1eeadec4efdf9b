import { digestItems, type DirDigests, type KnownItem } from "./dir_digest.ts";
import type { TreeEntry, TreeItem, TreeProblem } from "./entry.ts";
import type { TreeFs, TreeStat } from "./fs.ts";
import { type CompiledSource, compileSource, findSource } from "./ignore_rules.ts";
import { checkEntryPath, checkLinkTarget, type Platform } from "./paths.ts";
import type { RuleSource, TreeRules } from "./rules.ts";
import { readSmallFile } from "./small_file.ts";

/** How a tree is walked. */
export type ScanOptions = {
  fs: TreeFs;
  rules: TreeRules;
  /** Whose names are fit; Linux by default. */
  platform?: Platform;
};

/** How the host's own tree is walked, with the rules around those of its `.gitignore` files. */
export type HostScanOptions = {
  fs: TreeFs;
  /** What `.gitignore` files win over. */
  before: TreeRules;
  /** What wins over them. */
  after: TreeRules;
  platform?: Platform;
};

/** A walk of the host's tree. */
export type HostScan = {
  items: Generator<TreeItem>;
  /** All rules that applied, for a walk of another tree; complete when the walk is. */
  rules(): TreeRules;
};

/** A `.gitignore` that is larger is no such file. */
const MOST_RULE_BYTES = 4 << 20;

/**
 * Walks a tree in `comparePaths` order, directories before what is in them. What the rules
 * exclude is left out and not entered, and so is `.git`. Links are not followed. What cannot cross
 * comes as a {@link TreeProblem}; nothing below it comes then.
 *
 * @throws When the root is no directory that can be read.
 */
export function scanTree(root: string, options: ScanOptions): Generator<TreeItem> {
  // Without digests nothing is as anybody said.
  return scanKnownTree(root, { ...options, known: NOTHING_KNOWN }) as Generator<TreeItem>;
}

const NOTHING_KNOWN: DirDigests = new Map();

/**
 * Walks a tree as {@link scanTree} does. Of a directory that has the digest it is known by only a mark
 * comes, its links, and then what is below its directories.
 */
export function* scanKnownTree(
  root: string,
  options: ScanOptions & { known: DirDigests },
): Generator<KnownItem> {
  const { fs, known, platform = "linux" } = options;
  const compiled = options.rules.map(compileSource);
  const bases = new Set(options.rules.map(({ base }) => base));
  yield* walk(root, {
    fs,
    platform,
    known,
    enter: (dir, { parent }) => {
      if (dir !== "" && !bases.has(dir)) return parent;
      return compiled.filter(({ source: { base } }) => {
        return base === "" || base === dir || dir.startsWith(`${base}/`);
      });
    },
  });
}

/**
 * Walks the host's tree as {@link scanTree} does, and reads the `.gitignore` of every directory it
 * enters. Where one cannot be read, its directory is a problem and not entered: what it would exclude
 * may be secret. Of the root that is a problem with an empty path.
 */
export function scanHostTree(root: string, options: HostScanOptions): HostScan {
  const { fs, platform = "linux" } = options;
  const before = options.before.map(compileSource);
  const after = options.after.map(compileSource);
  const met: RuleSource[] = [];
  const items = walk(root, {
    fs,
    platform,
    known: NOTHING_KNOWN,
    enter: (dir, { parent, names }) => {
      const inherited = dir === "" ? [...before, ...after] : parent;
      if (!names.includes(GITIGNORE)) return inherited;
      const path = dir === "" ? GITIGNORE : `${dir}/${GITIGNORE}`;
      const full = `${root}/${path}`;
      // git does not follow a link here either.
      if (fs.lstat(full)?.kind !== "file") return inherited;
      const text = readSmallFile(full, { fs, mostBytes: MOST_RULE_BYTES });
      if (text === undefined) return undefined;
      const source = { base: dir, text, origin: path };
      met.push(source);
      const nested = inherited.slice(before.length, inherited.length - after.length);
      return [...before, ...nested, compileSource(source), ...after];
    },
  }) as Generator<TreeItem>;
  return { items, rules: () => [...options.before, ...met, ...options.after] };
}

const GITIGNORE = ".gitignore";

type Walk = {
  fs: TreeFs;
  platform: Platform;
  known: DirDigests;
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
  names: readonly Name[];
  next: number;
  sources: readonly CompiledSource[];
  /** What was seen already, by place among the names; of a known directory only. */
  seen?: readonly (TreeItem | undefined)[];
  /** It is as it is known: only its directories are of interest. */
  isSame?: boolean;
};

/** `bad` stands for a name that is no UTF-8. */
type Name = { name: string; bad?: boolean };

function* walk(root: string, options: Walk): Generator<KnownItem> {
  const first = open("", { root, parent: [], options });
  if ("problem" in first) return yield first;
  if (first.isSame) yield { path: "", same: true };
  const levels: Level[] = [first];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const at = level.next++;
    const next = level.names[at];
    if (next === undefined) {
      levels.pop();
      continue;
    }
    const item = level.seen === undefined ? see(level, next, { root, options }) : level.seen[at];
    if (item === undefined) continue;
    if ("problem" in item || item.kind !== "dir") {
      // Nobody but the walk knows the times of a link.
      if (level.isSame !== true || "target" in item) yield item;
      continue;
    }
    const entered = open(item.path, { root, parent: level.sources, options });
    if ("problem" in entered) {
      yield entered;
      continue;
    }
    if (entered.isSame) yield { path: item.path, same: true };
    if (level.isSame !== true) yield item;
    levels.push(entered);
  }
}

/** What is at a name of a directory; `undefined` for what is gone or excluded. */
function see(
  level: Level,
  { name, bad }: Name,
  at: { root: string; options: Walk },
): TreeItem | undefined {
  const { root, options: { fs, platform } } = at;
  const path = level.prefix + name;
  if (bad === true) return { path, problem: "not UTF-8" };
  const stat = look(fs, `${root}/${path}`);
  if (stat === undefined) return undefined;
  const directory = stat !== "unreadable" && stat.kind === "dir";
  const asked = { path, name, directory };
  if (findSource({ excludedBy: undefined, sources: level.sources }, asked)) return undefined;
  if (stat === "unreadable") return { path, problem: "unreadable" };
  return toItem(path, { stat, fs, root, platform });
}

function open(
  dir: string,
  at: { root: string; parent: readonly CompiledSource[]; options: Walk },
): Level | TreeProblem {
  const { root, parent, options: { fs, enter } } = at;
  let listed: (string | Uint8Array)[];
  try {
    listed = fs.list(dir === "" ? root : `${root}/${dir}`);
  } catch (error) {
    // Nothing can be said about a tree without its root.
    if (dir === "") throw error;
    return { path: dir, problem: "unreadable" };
  }
  const names: Name[] = [];
  const good: string[] = [];
  for (const name of listed) {
    if (typeof name !== "string") names.push({ name: formatBytes(name), bad: true });
    else if (name !== ".git") {
      names.push({ name });
      good.push(name);
    }
  }
  names.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const sources = enter(dir, { parent, names: good });
  if (sources === undefined) return { path: dir, problem: "unreadable" };
  const level: Level = { prefix: dir === "" ? "" : `${dir}/`, names, next: 0, sources };
  const known = at.options.known.get(dir);
  if (known === undefined) return level;
  const seen = names.map((name) => see(level, name, at));
  const isSame = digestItems(seen.filter((item) => item !== undefined)) === known;
  return { ...level, seen, isSame };
}

function look(fs: TreeFs, path: string): TreeStat | "unreadable" | undefined {
  try {
    return fs.lstat(path);
  } catch {
    return "unreadable";
  }
}

/** Names that no file system reads in a way of its own: nearly all there are. */
const PLAIN = /^[A-Za-z0-9_@-][A-Za-z0-9_@.-]{0,80}$/;

function toItem(
  path: string,
  at: { stat: TreeStat; fs: TreeFs; root: string; platform: Platform },
): TreeItem {
  const { stat, fs, root, platform } = at;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isPlain = platform !== "windows" && PLAIN.test(name) && path.length < 1000;
  if (!isPlain && checkEntryPath(path, { platform }) !== undefined) {
    return { path, problem: "unsafe name" };
  }
  if (stat.kind === "other") return { path, problem: "special file" };
  const entry: TreeEntry = {
    path,
    kind: stat.kind,
    mode: stat.mode & 0o777,
    size: stat.kind === "file" ? stat.size : 0,
    mtimeMs: stat.mtimeMs,
    ctimeMs: stat.ctimeMs,
  };
  if (stat.kind !== "link") return entry;
  let target: string;
  try {
    target = fs.readLink(`${root}/${path}`);
  } catch {
    return { path, problem: "unreadable" };
  }
  if (checkLinkTarget(path, target) !== undefined) return { path, problem: "unsafe link" };
  return { ...entry, target };
}

/** Writes a name for people: what is no UTF-8 as `\xff`. */
function formatBytes(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((wanted) => {
      try {
        return at + wanted <= bytes.length &&
          decoder.decode(bytes.subarray(at, at + wanted)) !== "";
      } catch {
        return false;
      }
    });
    text += length === undefined
      ? `\\x${bytes[at]!.toString(16).padStart(2, "0")}`
      : decoder.decode(bytes.subarray(at, at + length));
    at += length ?? 1;
  }
  return text;
}
