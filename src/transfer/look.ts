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

/** Compares a root with a directory of the host. */
export async function lookAt(options: LookOptions): Promise<Look> {
  const { cage, courier, root, target, rules, fs, platform } = options;
  const clocks: Clocks = { hostMs: Date.now(), innerMs: 0 };
  const isOwn = target === root.hostPath;
  const file = baseFile(cage.dir, { root, target });
  const found = await observeDifferences({
    courier: {
      scan: (name, applied, { known }) =>
        courier.scanKnown(name, applied, {
          known,
          onClock: (innerMs) => void (clocks.innerMs = innerMs),
        }),
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

function findHash(fs: TreeFs, path: string): string | undefined {
  try {
    return hashFile(fs, path);
  } catch {
    // It is told as a file that cannot be read.
    return undefined;
  }
}
