import { isExecutable, type TreeEntry } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import { quotePath } from "../tree/visible.ts";
import type { Difference } from "./classify.ts";
import { readContents } from "./contents.ts";
import {
  type DiffSide,
  type FileDiff,
  formatFileDiff,
  formatLinkDiff,
  MOST_DIFF_BYTES,
} from "./diff_text.ts";
import type { CageRoot, Courier } from "./types.ts";

/** What is read to be shown. */
export type ShownOptions = {
  courier: Pick<Courier, "read">;
  root: CageRoot;
  /** Directory of the host that is compared. */
  target: string;
  fs: TreeFs;
};

/** A path with what changed in it, from the host's to the cage's. */
export type Shown = FileDiff & { path: string; before: number; after: number };

/** Bytes, and files, that are asked for at once. */
const BATCH = { bytes: 8 << 20, files: 500 };

/** Reads what differs and formats it, in the order given, a part of it in memory at a time. */
export async function* showDifferences(
  differences: readonly Difference[],
  options: ShownOptions,
): AsyncGenerator<Shown> {
  for (const batch of cut(differences)) {
    const files = batch.flatMap(({ path, inner }) =>
      inner?.kind === "file" ? [{ path, size: inner.size }] : []
    );
    const { courier, root } = options;
    const contents = await readContents({
      courier,
      root: root.name,
      files,
      mostBytes: MOST_DIFF_BYTES,
    });
    for (const difference of batch) yield await show(difference, { ...options, contents });
  }
}

async function show(
  { path, host, inner }: Difference,
  options: ShownOptions & { contents: ReadonlyMap<string, Uint8Array> },
): Promise<Shown> {
  const sizes = { path, before: host?.size ?? 0, after: inner?.size ?? 0 };
  if (host?.kind === "dir" || inner?.kind === "dir") {
    return { ...sizes, text: "", added: 0, removed: 0, binary: false };
  }
  if (host?.kind === "link" || inner?.kind === "link") {
    const text = formatLinkDiff(path, {
      ...(host?.target === undefined ? {} : { before: host.target }),
      ...(inner?.target === undefined ? {} : { after: inner.target }),
    });
    return { ...sizes, text, added: 0, removed: 0, binary: false };
  }
  if (
    inner?.kind === "file" && inner.size <= MOST_DIFF_BYTES && !options.contents.has(path)
  ) {
    const text = `diff ${quotePath(path)}: it changes, or cannot be read inside\n`;
    return { ...sizes, text, added: 0, removed: 0, binary: false };
  }
  const diff = await formatFileDiff(path, {
    before: toSide(host, readHost(path, options)),
    after: toSide(inner, options.contents.get(path)),
  });
  return { ...sizes, ...diff };
}

function toSide(entry: TreeEntry | undefined, bytes: Uint8Array | undefined): DiffSide {
  if (entry === undefined) return { bytes: undefined, size: 0 };
  // What is too large to be shown is there all the same.
  const shown = bytes ?? new Uint8Array();
  return { bytes: shown, size: entry.size, mode: isExecutable(entry) ? "100755" : "100644" };
}

function readHost(path: string, { target, fs }: ShownOptions): Uint8Array | undefined {
  try {
    const file = fs.openRead(`${target}/${path}`);
    try {
      const bytes = new Uint8Array(Math.min(file.stat().size, MOST_DIFF_BYTES));
      let filled = 0;
      for (let count = -1; count !== 0 && filled < bytes.length; filled += count) {
        count = file.read(bytes.subarray(filled));
      }
      return bytes.subarray(0, filled);
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

function* cut(differences: readonly Difference[]): Generator<Difference[]> {
  let batch: Difference[] = [];
  let bytes = 0;
  for (const difference of differences) {
    batch.push(difference);
    bytes += Math.min(difference.inner?.size ?? 0, MOST_DIFF_BYTES);
    if (bytes < BATCH.bytes && batch.length < BATCH.files) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}
