import {
  createDirDigest,
  createQuickDigest,
  type DirDigest,
  type DirDigests,
  type KnownItem,
} from "./dir_digest.ts";
import type { TreeItem } from "./entry.ts";
import type { TreeFs } from "./fs.ts";
import { compileSource } from "./ignore_rules.ts";
import type { Platform } from "./paths.ts";
import type { RuleSource, TreeRules } from "./rules.ts";
import { readSmallFile } from "./small_file.ts";
import { walk } from "./walk.ts";

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
export type HostScan<Item extends KnownItem> = {
  items: Generator<Item>;
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
 *
 * @param options.digest Makes what directories are known by. By default `createDirDigest`.
 */
export function* scanKnownTree(
  root: string,
  options: ScanOptions & { known: DirDigests; digest?: () => DirDigest },
): Generator<KnownItem> {
  const { fs, known, digest = createDirDigest, platform = "linux" } = options;
  const compiled = options.rules.map(compileSource);
  const bases = new Set(options.rules.map(({ base }) => base));
  yield* walk(root, {
    fs,
    platform,
    known,
    digest,
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
export function scanHostTree(root: string, options: HostScanOptions): HostScan<TreeItem> {
  return scanKnownHostTree(root, { ...options, known: NOTHING_KNOWN }) as HostScan<TreeItem>;
}

/**
 * Walks the host's tree as {@link scanHostTree} does, with marks as of {@link scanKnownTree}.
 *
 * @param options.known What directories are known by, as `createQuickDigest` makes it.
 */
export function scanKnownHostTree(
  root: string,
  options: HostScanOptions & { known: DirDigests },
): HostScan<KnownItem> {
  const { fs, known, platform = "linux" } = options;
  const before = options.before.map(compileSource);
  const after = options.after.map(compileSource);
  const met: RuleSource[] = [];
  const items = walk(root, {
    fs,
    platform,
    known,
    digest: createQuickDigest,
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
  });
  return { items, rules: () => [...options.before, ...met, ...options.after] };
}

const GITIGNORE = ".gitignore";
