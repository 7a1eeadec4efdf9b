import { join } from "node:path";
import {
  comparePaths,
  isExecutable,
  isProblem,
  type TreeItem,
  type TreeProblem,
} from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Platform } from "../tree/paths.ts";
import { scanHostTree } from "../tree/scan.ts";
import { packEntries } from "../tree/tar_pack.ts";
import { createSha256 } from "../tree/sha256.ts";
import { baseFile } from "./base.ts";
import { writeBase } from "./base_write.ts";
import { type BaseEntry, type Clocks, toBaseEntry } from "./base_entry.ts";
import { createFillList, type FillList } from "./fill_list.ts";
import type { HostRules } from "./host_rules.ts";
import type { TransferState } from "./progress.ts";
import { beginReading, GO, takeTurn } from "./read_ahead.ts";
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
  // The program inside takes its time to start, and the host is read meanwhile.
  const there = beginReading(courier.scan(root.name, []));
  const scan = scanHostTree(root.hostPath, { fs, platform, ...rules });
  const problems: TreeProblem[] = [];
  const list = createFillList();
  for (const item of scan.items) {
    if (isProblem(item)) problems.push(item);
    else list.add(item);
    if (list.length % GO === 0) await takeTurn();
  }
  const work: FillWork = { ...options, root, list };
  const reused = await reuse(work, there);
  let torn = await send(work, (at) => !list.hasHash(at));
  for (let tries = 1; torn.length > 0 && tries < MOST_TRIES; tries++) {
    const again = new Set(torn.map(({ path }) => path));
    torn = await send(work, (at) => again.has(list.path(at)));
  }
  if (torn.length > 0) await courier.remove(root.name, torn.map(({ path }) => path));
  problems.push(...torn);
  await findTimes(work, clocks);
  const nested = scan.rules().slice(rules.before.length, -rules.after.length || undefined);
  await writeBase(baseFile(cage.dir, { root }), {
    ignoreFiles: nested.map(({ base }) => base),
    entries: toBase(list, clocks),
  });
  return { ...countKinds(list), reused, problems };
}

type FillWork = FillOptions & { root: CageRoot; list: FillList };

/** Sends entries; answers with those that cannot be read, or changed while they were. */
async function send(
  work: FillWork,
  isWanted: (at: number) => boolean,
): Promise<TreeProblem[]> {
  const { courier, fs, root, list } = work;
  const torn: TreeProblem[] = [];
  let [totalBytes, totalFiles, files, next] = [0, 0, 0, 0];
  for (let at = 0; at < list.length; at++) {
    if (list.kind(at) !== "file" || !isWanted(at)) continue;
    totalBytes += list.size(at);
    totalFiles++;
  }
  const tar = packEntries(root.hostPath, wantedPaths(list, isWanted), {
    fs,
    hash: createSha256,
    onEntry({ path, kind, sha256 }) {
      if (kind !== "file") return;
      files++;
      while (list.path(next) !== path) next++;
      if (sha256 !== undefined && torn.at(-1)?.path !== path) list.setHash(next, sha256);
    },
    onProblem: (problem) => torn.push(problem),
  });
  await courier.fill(
    root.name,
    count(tar, (bytes) => work.onProgress?.({ bytes, totalBytes, files, totalFiles })),
  );
  return torn;
}

function* wantedPaths(list: FillList, isWanted: (at: number) => boolean): Generator<string> {
  // What is wanted is decided before anything is sent: that changes it.
  const wanted = Uint8Array.from({ length: list.length }, (_, at) => Number(isWanted(at)));
  for (let at = 0; at < list.length; at++) if (wanted[at] === 1) yield list.path(at);
}

/** Takes what an earlier attempt brought and is still right; everything else of it goes. */
async function reuse(
  { courier, root, list, fs }: FillWork,
  there: AsyncIterable<readonly TreeItem[]>,
): Promise<number> {
  const same = new Map<string, number>();
  const extra: string[] = [];
  let next = 0;
  for await (const items of there) {
    for (const item of items) {
      while (next < list.length && comparePaths(list.path(next), item.path) < 0) next++;
      if (next === list.length || list.path(next) !== item.path) extra.push(item.path);
      else if (!isProblem(item) && item.kind === "file") {
        const entry = list.entry(next);
        const isSame = entry.kind === "file" && item.size === entry.size &&
          Math.floor(item.mtimeMs) === Math.floor(entry.mtimeMs) &&
          isExecutable(item) === isExecutable(entry);
        if (isSame) same.set(item.path, next);
      }
    }
  }
  if (extra.length > 0) await courier.remove(root.name, extra.reverse());
  if (same.size === 0) return 0;
  let reused = 0;
  for (const [path, sha256] of await courier.hash(root.name, [...same.keys()])) {
    const at = same.get(path);
    if (at === undefined || findHash(fs, join(root.hostPath, path)) !== sha256) continue;
    list.setHash(at, sha256);
    reused++;
  }
  return reused;
}

function findHash(fs: TreeFs, path: string): string | undefined {
  try {
    return hashFile(fs, path);
  } catch {
    // Sending it again tells why it cannot be read.
    return undefined;
  }
}

/** Finds the times of the files inside, so that the first comparison need not read them. */
async function findTimes({ courier, root, list }: FillWork, clocks: Clocks): Promise<void> {
  let next = 0;
  const onClock = (innerMs: number) => void (clocks.innerMs = innerMs);
  for await (const items of courier.scan(root.name, [], { onClock })) {
    for (const item of items) {
      if (isProblem(item) || item.kind !== "file") continue;
      while (next < list.length && comparePaths(list.path(next), item.path) < 0) next++;
      const isOurs = next < list.length && list.path(next) === item.path &&
        list.size(next) === item.size;
      if (isOurs) list.setInner(next, item);
    }
  }
}

function* toBase(list: FillList, clocks: Clocks): Generator<BaseEntry> {
  for (let at = 0; at < list.length; at++) {
    // What changed while it was read is in common with nothing.
    if (list.kind(at) === "file" && !list.hasHash(at)) continue;
    const host = list.entry(at);
    const times = list.inner(at) ?? { ctimeMs: Number.MAX_SAFE_INTEGER };
    yield toBaseEntry({ host, inner: { ...host, ...times } }, clocks);
  }
}

function countKinds(list: FillList): Pick<Filled, "files" | "dirs" | "links" | "bytes"> {
  const counts = { files: 0, dirs: 0, links: 0, bytes: 0 };
  for (let at = 0; at < list.length; at++) {
    const kind = list.kind(at);
    counts[kind === "file" ? "files" : kind === "dir" ? "dirs" : "links"]++;
    counts.bytes += list.size(at);
  }
  return counts;
}
