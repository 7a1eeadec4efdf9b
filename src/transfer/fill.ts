import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  isExecutable,
  isProblem,
  type TreeEntry,
  type TreeItem,
  type TreeProblem,
} from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Platform } from "../tree/paths.ts";
import { scanHostTree } from "../tree/scan.ts";
import { packEntries } from "../tree/tar_pack.ts";
import { baseFile, writeBase } from "./base.ts";
import { type BaseEntry, type Clocks, toBaseEntry } from "./base_entry.ts";
import type { HostRules } from "./host_rules.ts";
import { scanTimed } from "./look.ts";
import type { TransferState } from "./progress.ts";
import { hashFile } from "./receive.ts";
import { count } from "./sync.ts";
import type { CageRoot, CopyCage, Courier } from "./types.ts";

/** How a directory goes in for the first time. */
export type FillOptions = {
  courier: Pick<Courier, "scan" | "hash" | "fill" | "remove">;
  rules: HostRules;
  fs: TreeFs;
  platform: Platform;
  onProgress?(state: TransferState): void;
};

/** What went in. */
export type Filled = {
  files: number;
  dirs: number;
  links: number;
  bytes: number;
  /** Files that an earlier, cut attempt had brought already. */
  reused: number;
  /** What did not go in, each with its reason. */
  problems: readonly TreeProblem[];
};

/** How often files are sent that change while they are read. */
const MOST_TRIES = 3;

/**
 * Copies a directory of the host into a root that nobody works in yet, and remembers it as what both
 * sides have in common. What a cut attempt brought already does not go again.
 *
 * @throws {UserError} If the courier breaks off, or the disk of the engine is full.
 */
export async function fillCage(
  cage: Pick<CopyCage, "dir">,
  root: CageRoot,
  options: FillOptions,
): Promise<Filled> {
  const { courier, rules, fs, platform } = options;
  const clocks: Clocks = { hostMs: Date.now(), innerMs: 0 };
  const scan = scanHostTree(root.hostPath, { fs, platform, ...rules });
  const problems: TreeProblem[] = [];
  const entries: TreeEntry[] = [];
  for (const item of scan.items) {
    if (isProblem(item)) problems.push(item);
    else entries.push(item);
  }
  const hashes = await findReusable({ ...options, root, entries });
  const reused = hashes.size;
  let torn = await send(entries.filter(({ path }) => !hashes.has(path)), {
    ...options,
    root,
    hashes,
  });
  for (let tries = 1; torn.length > 0 && tries < MOST_TRIES; tries++) {
    const again = new Set(torn.map(({ path }) => path));
    torn = await send(entries.filter(({ path }) => again.has(path)), { ...options, root, hashes });
  }
  if (torn.length > 0) await courier.remove(root.name, torn.map(({ path }) => path));
  problems.push(...torn);
  const nested = scan.rules().slice(rules.before.length, -rules.after.length || undefined);
  await writeBase(baseFile(cage.dir, { root }), {
    ignoreFiles: nested.map(({ base }) => base),
    entries: toBase(entries, {
      hashes,
      clocks,
      inner: await findStamps({ ...options, root, clocks }),
    }),
  });
  return { ...countKinds(entries), reused, problems };
}

/** Sends entries; answers with those that cannot be read, or changed while they were. */
async function send(
  entries: readonly TreeEntry[],
  options: FillOptions & { root: CageRoot; hashes: Map<string, string> },
): Promise<TreeProblem[]> {
  const { courier, fs, root, hashes } = options;
  const torn: TreeProblem[] = [];
  const totalBytes = entries.reduce((sum, { size }) => sum + size, 0);
  const totalFiles = entries.filter(({ kind }) => kind === "file").length;
  let files = 0;
  const tar = packEntries(root.hostPath, entries.map(({ path }) => path), {
    fs,
    hash: () => createHash("sha256"),
    onEntry({ path, kind, sha256 }) {
      if (kind !== "file") return;
      files++;
      if (sha256 !== undefined && torn.at(-1)?.path !== path) hashes.set(path, sha256);
    },
    onProblem: (problem) => torn.push(problem),
  });
  await courier.fill(
    root.name,
    count(tar, (bytes) => options.onProgress?.({ bytes, totalBytes, files, totalFiles })),
  );
  return torn;
}

type Stamps = ReadonlyMap<string, { mtimeMs: number; ctimeMs: number; size: number }>;

/** What an earlier attempt brought and is still right; everything else of it goes. */
async function findReusable(
  options: FillOptions & { root: CageRoot; entries: readonly TreeEntry[] },
): Promise<Map<string, string>> {
  const { courier, root, entries, fs } = options;
  const there = new Map<string, TreeItem>();
  for await (const items of courier.scan(root.name, [])) {
    for (const item of items) there.set(item.path, item);
  }
  if (there.size === 0) return new Map();
  const same = entries.filter((entry) => {
    const found = there.get(entry.path);
    return found !== undefined && !isProblem(found) && found.kind === "file" &&
      found.size === entry.size && Math.floor(found.mtimeMs) === Math.floor(entry.mtimeMs) &&
      isExecutable(found) === isExecutable(entry);
  }).map(({ path }) => path);
  const wanted = new Set(entries.map(({ path }) => path));
  const extra = [...there.keys()].filter((path) => !wanted.has(path));
  if (extra.length > 0) await courier.remove(root.name, extra.reverse());
  const inner = same.length === 0 ? new Map<string, string>() : await courier.hash(root.name, same);
  return new Map([...inner].filter(([path, sha256]) => {
    try {
      return hashFile(fs, join(root.hostPath, path)) === sha256;
    } catch {
      // Sending it again tells why it cannot be read.
      return false;
    }
  }));
}

/** Times of the files inside, so that the first comparison need not read them. */
async function findStamps(
  options: FillOptions & { root: CageRoot; clocks: Clocks },
): Promise<Stamps> {
  const { courier, root, clocks } = options;
  const stamps = new Map<string, { mtimeMs: number; ctimeMs: number; size: number }>();
  for await (const items of scanTimed({ courier, root: root.name, rules: [], clocks })) {
    for (const item of items) {
      if (isProblem(item) || item.kind !== "file") continue;
      const { mtimeMs, ctimeMs, size } = item;
      stamps.set(item.path, { mtimeMs, ctimeMs, size });
    }
  }
  return stamps;
}

function* toBase(
  entries: readonly TreeEntry[],
  known: { hashes: ReadonlyMap<string, string>; clocks: Clocks; inner: Stamps },
): Generator<BaseEntry> {
  for (const entry of entries) {
    const sha256 = known.hashes.get(entry.path);
    // What changed while it was read is in common with nothing.
    if (entry.kind === "file" && sha256 === undefined) continue;
    const stamp = known.inner.get(entry.path);
    const inner = stamp?.size === entry.size ? { ...entry, ...stamp } : {
      ...entry,
      ctimeMs: Number.MAX_SAFE_INTEGER,
    };
    yield toBaseEntry({ host: entry, inner, sha256 }, known.clocks);
  }
}

function countKinds(
  entries: readonly TreeEntry[],
): Pick<Filled, "files" | "dirs" | "links" | "bytes"> {
  const counts = { files: 0, dirs: 0, links: 0, bytes: 0 };
  for (const { kind, size } of entries) {
    counts[kind === "file" ? "files" : kind === "dir" ? "dirs" : "links"]++;
    counts.bytes += size;
  }
  return counts;
}
