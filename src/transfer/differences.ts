import { releaseStartPages } from "../engine/start_pages.ts";
import { UserError } from "../errors.ts";
import type { KnownItem } from "../tree/dir_digest.ts";
import { comparePaths } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import { foldsNames } from "../tree/folds.ts";
import { createIgnoreMatcher } from "../tree/ignore_rules.ts";
import type { Platform } from "../tree/paths.ts";
import type { RuleSource, TreeRules } from "../tree/rules.ts";
import { createQuickDigest } from "../tree/dir_digest.ts";
import { scanHostTree, scanKnownHostTree, scanKnownTree } from "../tree/scan.ts";
import { readSmallFile } from "../tree/small_file.ts";
import { type Base, findBase } from "./base.ts";
import type { BaseChange, BaseEntry, Clocks } from "./base_entry.ts";
import { classify, type Difference } from "./classify.ts";
import { type Candidate, compareTrees, type SideProblem, WAIT } from "./compare.ts";
import { findUnfit, markInTheWay } from "./in_the_way.ts";
import { createQueue, MANY, readAhead } from "./read_ahead.ts";
import { readCandidates } from "./read_candidates.ts";
import type { Courier } from "./types.ts";

/** What is compared. */
export type ObserveOptions = {
  courier: Pick<Courier, "hash"> & {
    /** As `scanKnown` of a courier. */
    scan(
      root: string,
      rules: TreeRules,
      options: { known: readonly [dir: string, digest: string][] },
    ): AsyncIterable<readonly KnownItem[]>;
  };
  /** Below `/work`, as the courier names it. */
  root: string;
  /** Absolute path of the directory on the host. */
  hostRoot: string;
  fs: TreeFs;
  platform: Platform;
  /** The host's rules around its `.gitignore` files. */
  rules: { before: TreeRules; after: TreeRules };
  /** Directory whose `.gitignore` files count when it is not the one compared: the project's. */
  rulesRoot?: string;
  baseFile: string;
  /** Base of the cage's own directory, for another one that has no base yet. */
  borrowedBaseFile?: string;
  /** SHA-256 of a file of the host, hex, by its path below the root; `undefined` if unreadable. */
  hashHost(path: string): Promise<string | undefined>;
  clocks: Clocks;
};

/** What a base learns of a comparison. */
export type Learned = {
  ignoreFiles: readonly string[];
  /** In order. */
  changes: readonly BaseChange[];
  /** It is more than times of a few small files, which are read again sooner than a base is written. */
  isDue: boolean;
};

/** Everything about two sides that a plan has to know. */
export type Differences = {
  /** In `comparePaths` order. */
  differences: readonly Difference[];
  problems: readonly SideProblem[];
  /** For `updateBase`. */
  learned: Learned;
  /** All rules that applied to both sides. */
  rules: TreeRules;
};

/** How many files are few, and how many bytes in them. */
const FEW = { files: 200, bytes: 1 << 20 };

/** How often `.gitignore` files may change while they are read. */
const MOST_LOOKS = 3;

/**
 * Walks both sides at the same time, reads the files that may differ, and tells what does.
 *
 * @throws {UserError} When the courier breaks off, or the host's ignore files keep changing.
 */
export async function observeDifferences(options: ObserveOptions): Promise<Differences> {
  const { found, rules, ignoreFiles, borrowed, hasRules } = await findCandidates(options);
  const { candidates, problems } = takeCandidates(found, options);
  problems.push(...await readCandidates(candidates, options));
  const unread = new Set(problems.map(({ path }) => path));
  const differences: Difference[] = [];
  const changes: BaseChange[] = [];
  let isDue = !hasRules || borrowed;
  let bytes = 0;
  const isExcluded = createIgnoreMatcher(rules);
  for (const candidate of drain(candidates)) {
    const { path, base } = candidate;
    if (unread.has(path)) continue;
    const { difference, learned } = classify(candidate, { clocks: options.clocks, borrowed });
    if (difference !== undefined) differences.push(difference);
    if (learned === undefined) continue;
    // What rules of this one time keep out of sight is not gone: it is known next time.
    const isOutOfSight = "gone" in learned &&
      isExcluded(path, { directory: base?.kind === "dir" }) !== undefined;
    if (isOutOfSight) continue;
    changes.push(learned);
    isDue ||= !isSameContent(base, learned);
    bytes += "gone" in learned ? 0 : learned.size;
  }
  problems.sort((a, b) => comparePaths(a.path, b.path));
  return {
    differences: markInTheWay(differences, options),
    problems,
    learned: {
      ignoreFiles,
      changes,
      isDue: isDue || changes.length > FEW.files || bytes > FEW.bytes,
    },
    rules,
  };
}

/** Whether nothing but times is learned. */
function isSameContent(base: BaseEntry | undefined, learned: BaseChange): boolean {
  return base !== undefined && !("gone" in learned) && base.kind === learned.kind &&
    base.executable === learned.executable && base.sha256 === learned.sha256 &&
    base.target === learned.target;
}

/** Tells what can be compared from what cannot. Nothing is left in the list. */
function takeCandidates(
  found: (Candidate | SideProblem)[],
  { platform, fs, hostRoot }: ObserveOptions,
): { candidates: Candidate[]; problems: SideProblem[] } {
  const problems = found.filter((item): item is SideProblem => "problem" in item);
  const all = found.filter((item): item is Candidate => !("problem" in item));
  found.length = 0;
  const folds = platform !== "linux" || foldsNames(fs, hostRoot);
  problems.push(...findUnfit(all, { platform, folds }));
  if (problems.length === 0) return { candidates: all, problems };
  const unfit = new Set(problems.map(({ path }) => path));
  return { candidates: all.filter(({ path }) => !unfit.has(path)), problems };
}

/** Gives items in order and forgets them: of a hundred thousand, those that are done are in the way. */
function* drain<Item>(items: Item[]): Generator<Item> {
  items.reverse();
  for (let item = items.pop(); item !== undefined; item = items.pop()) yield item;
}

type Found = {
  found: (Candidate | SideProblem)[];
  rules: TreeRules;
  ignoreFiles: readonly string[];
  borrowed: boolean;
  /** The base names the same directories of ignore files. */
  hasRules: boolean;
};

async function findCandidates(options: ObserveOptions): Promise<Found> {
  let rules = presumeRules(options);
  for (let look = 0; look < MOST_LOOKS; look++) {
    // Rules are taken for those of last time: the courier need not wait for the host's walk.
    const found = await lookOnce(options, rules);
    if (isSameRules(found.rules, rules)) return found;
    rules = found.rules;
  }
  throw new UserError("Cannot compare: the .gitignore files of the host keep changing", {
    hint: "Run the command again when they do not",
  });
}

async function lookOnce(options: ObserveOptions, presumed: TreeRules): Promise<Found> {
  const { base, borrowed } = openBase(options);
  using _ = base;
  const { fs, hostRoot, platform, rules: { before, after } } = options;
  const inner = createQueue(
    options.courier.scan(options.root, presumed, { known: base?.digests("inner") ?? [] }),
  );
  // Executable bits that a host does not have are none of its digests either.
  const isKnown = base !== undefined && !borrowed && platform !== "windows";
  const known = new Map(isKnown ? base.digests("host") : []);
  const walk = { fs, platform, known };
  const scan = options.rulesRoot === undefined
    ? scanKnownHostTree(hostRoot, { ...walk, before, after })
    : {
      items: scanKnownTree(hostRoot, { ...walk, rules: presumed, digest: createQuickDigest }),
      rules: () => presumed,
    };
  // The program inside takes its time to start: the host's own files are read meanwhile.
  const host = readAhead(scan.items);
  const found: (Candidate | SideProblem)[] = [];
  const trees = { base: entriesOf(base, borrowed), host: host.items, inner: inner.items };
  const merged = compareTrees(trees, {
    hostModes: platform !== "windows",
    onSame: (dir) => base?.skip(dir),
  });
  for (const item of merged) {
    if (item === WAIT) await inner.more(host.read);
    else if (found.push(borrowed ? withoutBorrowed(item) : item) === MANY) releaseStartPages();
  }
  const rules = scan.rules();
  const nested = rules.slice(before.length, rules.length - after.length);
  const ignoreFiles = nested.map((source) => source.base);
  const hasRules = JSON.stringify(ignoreFiles) === JSON.stringify(base?.ignoreFiles);
  return { found, rules, ignoreFiles, borrowed, hasRules };
}

function openBase(options: ObserveOptions): { base: Base | undefined; borrowed: boolean } {
  const own = findBase(options.baseFile);
  if (own !== undefined || options.borrowedBaseFile === undefined) {
    return { base: own, borrowed: false };
  }
  return { base: findBase(options.borrowedBaseFile), borrowed: true };
}

/** A borrowed base explains what both sides have. For all else it would only fill the memory. */
function withoutBorrowed(item: Candidate | SideProblem): Candidate | SideProblem {
  if ("problem" in item) return item;
  const { path, host, inner } = item;
  if (host === undefined) return inner === undefined ? { path } : { path, inner };
  return inner === undefined ? { path, host } : item;
}

function* entriesOf(base: Base | undefined, borrowed: boolean): Generator<BaseEntry> {
  for (const entry of base?.entries ?? []) {
    // Stamps are those of files in the other directory.
    yield borrowed ? { ...entry, host: undefined } : entry;
  }
}

/** The rules that very probably apply: those of the `.gitignore` files that were there last time. */
function presumeRules(options: ObserveOptions): TreeRules {
  const { fs, hostRoot, rulesRoot, rules: { before, after }, platform } = options;
  if (rulesRoot !== undefined) {
    const scan = scanHostTree(rulesRoot, { fs, platform, before, after });
    for (const _ of scan.items);
    return scan.rules();
  }
  using base = findBase(options.baseFile);
  const nested = (base?.ignoreFiles ?? [""]).flatMap((dir): RuleSource[] => {
    const path = dir === "" ? ".gitignore" : `${dir}/.gitignore`;
    const text = readSmallFile(`${hostRoot}/${path}`, { fs, mostBytes: 4 << 20 });
    return text === undefined ? [] : [{ base: dir, text, origin: path }];
  });
  return [...before, ...nested, ...after];
}

function isSameRules(a: TreeRules, b: TreeRules): boolean {
  return a.length === b.length &&
    a.every((source, at) => source.base === b[at]!.base && source.text === b[at]!.text);
}
