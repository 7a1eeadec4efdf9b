import type { BaseChange, BaseEntry } from "./base_entry.ts";
import { findBase } from "./base.ts";
import { type BaseFile, openBaseFile } from "./base_file.ts";
import { parentOf, replaceBase, writeBase, type Writer } from "./base_write.ts";
import { comparePaths } from "../tree/entry.ts";

/** From so many changes on, a base is written anew entry by entry: they are not all held at once. */
const MANY_CHANGES = 5000;

/**
 * Takes what was learned into a base, or makes one.
 *
 * @param learned.changes In `comparePaths` order, each path once.
 */
export async function updateBase(
  path: string,
  learned: { ignoreFiles: readonly string[]; changes: Iterable<BaseChange> },
): Promise<void> {
  using base = openBaseFile(path);
  const { ignoreFiles } = learned;
  const { first, rest } = takeFirst(learned.changes, MANY_CHANGES);
  if (base !== undefined && rest === undefined) {
    const isSame = JSON.stringify(base.ignoreFiles) === JSON.stringify(ignoreFiles);
    if (first.length === 0 && isSame) return;
    const write = (writer: Writer) => writeChanged(writer, base, first);
    return await replaceBase(path, { ignoreFiles, write });
  }
  using old = findBase(path);
  const changes = function* () {
    yield* first;
    yield* rest ?? [];
  };
  await writeBase(path, { ignoreFiles, entries: mergeBase(old?.entries ?? [], changes()) });
}

/** The entries of a base with what was learned. Pure; both in `comparePaths` order. */
export function* mergeBase(
  entries: Iterable<BaseEntry>,
  changes: Iterable<BaseChange>,
): Generator<BaseEntry> {
  const iterator = changes[Symbol.iterator]();
  let next = iterator.next();
  for (const entry of entries) {
    for (; next.done !== true; next = iterator.next()) {
      if (comparePaths(next.value.path, entry.path) >= 0) break;
      if (!("gone" in next.value)) yield next.value;
    }
    if (next.done === true || next.value.path !== entry.path) yield entry;
    // What replaces an entry is yielded before the next one.
    else if ("gone" in next.value) next = iterator.next();
  }
  for (; next.done !== true; next = iterator.next()) {
    if (!("gone" in next.value)) yield next.value;
  }
}

/** The first few of many; `rest` is there when there are more. */
function takeFirst<Item>(
  items: Iterable<Item>,
  most: number,
): { first: Item[]; rest?: Iterable<Item> } {
  const iterator = Iterator.from(items);
  const first: Item[] = [];
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    first.push(next.value);
    if (first.length === most) return { first, rest: iterator };
  }
  return { first };
}

/** Writes a base with a few changes: directories without one are copied as they are. */
function writeChanged(writer: Writer, base: BaseFile, changes: readonly BaseChange[]): void {
  const changed = Map.groupBy(changes, ({ path }) => parentOf(path));
  for (const row of base.dirs()) {
    const here = changed.get(row.dir);
    changed.delete(row.dir);
    if (here === undefined) writer.copy(row, base);
    else writeDir(writer, row.dir, mergeBase(base.rows(row), here));
  }
  for (const [dir, here] of changed) writeDir(writer, dir, mergeBase([], here));
}

function writeDir(writer: Writer, dir: string, entries: Iterable<BaseEntry>): void {
  const open = writer.dir(dir);
  for (const entry of entries) open.add(entry);
  open.end();
}
