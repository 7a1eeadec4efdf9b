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
    hashHost: (path) => findHash(fs, `${target}/${path}`),
    clocks,
  });
  return { ...found, baseFile: file, clocks };
}

/** Files up to here are hashed whole, which does not load `node:crypto`. */
const SMALL_BYTES = 1 << 20;

async function findHash(fs: TreeFs, path: string): Promise<string | undefined> {
  try {
    const bytes = readWhole(fs, path);
    if (bytes === undefined) return hashFile(fs, path);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  } catch {
    // It is told as a file that cannot be read.
    return undefined;
  }
}

/** The bytes of a small file; `undefined` for one that is none. */
function readWhole(fs: TreeFs, path: string): Uint8Array<ArrayBuffer> | undefined {
  const file = fs.openRead(path);
  try {
    const { size } = file.stat();
    if (size > SMALL_BYTES) return undefined;
    const bytes = new Uint8Array(size + 1);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < bytes.length; filled += count) {
      count = file.read(bytes.subarray(filled));
    }
    // It grew meanwhile.
    return filled > size ? undefined : bytes.subarray(0, filled);
  } finally {
    file.close();
  }
}
