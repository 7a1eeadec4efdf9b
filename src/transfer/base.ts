import { join } from "node:path";
import { sha256Hex } from "../hash.ts";
import { comparePaths } from "../tree/entry.ts";
import type { BaseEntry } from "./base_entry.ts";
import { type BaseFile, openBaseFile } from "./base_file.ts";
import type { DirRow } from "./base_rows.ts";
import type { CageRoot } from "./types.ts";

/** What both sides of a root were when they were last equal, as it is on the disk; open. */
export type Base = Disposable & {
  /** Directories of the host that had a `.gitignore`, so that a walk need not be awaited for them. */
  ignoreFiles: readonly string[];
  /** What directories of a side are known by while nothing directly in them is changed. */
  digests(side: "inner" | "host"): [dir: string, digest: string][];
  /** In `comparePaths` order; read as they are asked for, and only once. */
  entries: Iterable<BaseEntry>;
  /** What is directly in a directory does not come; to be said before it would. */
  skip(dir: string): void;
};

/**
 * Where the base of a root is kept.
 *
 * @param target Host directory that is compared with the root: its own, or that of `--output-dir`.
 */
export function baseFile(cageDir: string, options: { root: CageRoot; target?: string }): string {
  const { root, target = root.hostPath } = options;
  const suffix = target === root.hostPath ? "" : `-${sha256Hex(target).slice(0, 12)}`;
  return join(cageDir, "base", `${root.name}${suffix}.jsonl`);
}

/**
 * Opens a base; `undefined` when there is none.
 *
 * @throws {UserError} When it cannot be read; so does all that is read of it.
 */
export function findBase(path: string): Base | undefined {
  const file = openBaseFile(path);
  if (file === undefined) return undefined;
  const skipped = new Set<string>();
  return {
    ignoreFiles: file.ignoreFiles,
    digests: (side) =>
      file.dirs().flatMap(({ dir, digests }): [string, string][] => {
        const digest = digests[side];
        return digest === undefined ? [] : [[dir, digest]];
      }),
    entries: readEntries(file, skipped),
    skip: (dir) => void skipped.add(dir),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** A directory whose rows are being given, up to those that come after a directory in it. */
type Level = { row: DirRow; rows: Iterator<BaseEntry>; next: BaseEntry | undefined };

function* readEntries(file: BaseFile, skipped: ReadonlySet<string>): Generator<BaseEntry> {
  const dirs = file.dirs();
  const levels: Level[] = [];
  const give = function* (level: Level, upTo: string | undefined): Generator<BaseEntry> {
    for (; level.next !== undefined; level.next = next(level.rows)) {
      if (upTo !== undefined && comparePaths(level.next.path, upTo) > 0) return;
      yield level.next;
    }
  };
  for (const row of dirs) {
    for (let top = levels.at(-1); top !== undefined; top = levels.at(-1)) {
      if (isBelow(row.dir, top.row.dir)) {
        yield* give(top, row.dir);
        break;
      }
      yield* give(top, undefined);
      levels.pop();
    }
    const rows = skipped.has(row.dir) ? NO_ROWS[Symbol.iterator]() : file.rows(row);
    levels.push({ row, rows, next: next(rows) });
  }
  for (let top = levels.pop(); top !== undefined; top = levels.pop()) yield* give(top, undefined);
}

const NO_ROWS: readonly BaseEntry[] = [];

function next(rows: Iterator<BaseEntry>): BaseEntry | undefined {
  const result = rows.next();
  return result.done === true ? undefined : result.value;
}

function isBelow(dir: string, above: string): boolean {
  return above === "" || dir.startsWith(`${above}/`);
}
