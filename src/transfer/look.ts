import type { KnownItem } from "../tree/dir_digest.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Platform } from "../tree/paths.ts";
import type { TreeRules } from "../tree/rules.ts";
import { baseFile } from "./base.ts";
import type { Clocks } from "./base_entry.ts";
import { type Differences, observeDifferences } from "./differences.ts";
import { hashFile } from "./receive.ts";
import type { CageRoot, CopyCage, Courier } from "./types.ts";

/** What two trees are compared with. */
export type LookOptions = {
  cage: Pick<CopyCage, "dir">;
  courier: Pick<Courier, "scanKnown" | "hash">;
  root: CageRoot;
  /** Directory of the host that is compared: the root's own, or another. */
  target: string;
  rules: { before: TreeRules; after: TreeRules };
  fs: TreeFs;
  platform: Platform;
};

/** Two trees as they are now. */
export type Look = Differences & { baseFile: string; clocks: Clocks };

/**
 * From when on times in a tree can be trusted, where they are kept finer than in seconds: the clock
 * that Linux puts into them goes in steps of 10 milliseconds at most.
 */
const FINE_TRUST_MS = 100;
/** How long `toStamp` mistrusts times by itself, for any file system there is. */
const COARSE_TRUST_MS = 2000;

/** Compares a root with a directory of the host. */
export async function lookAt(options: LookOptions): Promise<Look> {
  const { cage, courier, root, target, rules, fs, platform } = options;
  const clocks: Clocks = { hostMs: Date.now(), innerMs: 0 };
  const isOwn = target === root.hostPath;
  const file = baseFile(cage.dir, { root, target });
  const found = await observeDifferences({
    courier: {
      scan: (name, applied, { known }) =>
        timeScan((onClock) => courier.scanKnown(name, applied, { known, onClock }), clocks),
      hash: (name, paths) => courier.hash(name, paths),
    },
    root: root.name,
    hostRoot: target,
    fs,
    platform,
    rules,
    baseFile: file,
    ...(isOwn ? {} : {
      rulesRoot: root.hostPath,
      borrowedBaseFile: baseFile(cage.dir, { root }),
    }),
    hashHost: (path) => Promise.resolve(findHash(fs, `${target}/${path}`)),
    clocks,
  });
  return { ...found, baseFile: file, clocks };
}

/** Walks a tree inside, and puts into the clocks from when on its times can be trusted. */
export async function* timeScan<Item extends KnownItem>(
  scan: (onClock: (innerMs: number) => void) => AsyncIterable<readonly Item[]>,
  clocks: { innerMs: number },
): AsyncGenerator<readonly Item[]> {
  let isFine = false;
  const onClock = (innerMs: number) => {
    clocks.innerMs = isFine ? innerMs + COARSE_TRUST_MS - FINE_TRUST_MS : innerMs;
  };
  for await (const items of scan(onClock)) {
    isFine ||= items.some((item) => "ctimeMs" in item && item.ctimeMs % 1000 !== 0);
    yield items;
  }
}

function findHash(fs: TreeFs, path: string): string | undefined {
  try {
    return hashFile(fs, path);
  } catch {
    // It is told as a file that cannot be read.
    return undefined;
  }
}
