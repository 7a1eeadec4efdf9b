import assert from "node:assert/strict";
import * as fc from "fast-check";
import { sha256Hex } from "../../../src/hash.ts";
import { mergeBase } from "../../../src/transfer/base_update.ts";
import {
  type BaseChange,
  type BaseEntry,
  type Clocks,
  toBaseEntry,
} from "../../../src/transfer/base_entry.ts";
import { classify, type Difference, needsHash } from "../../../src/transfer/classify.ts";
import { compareTrees, WAIT } from "../../../src/transfer/compare.ts";
import type { TransferPlan } from "../../../src/transfer/plan_transfer.ts";
import { comparePaths, type TreeEntry } from "../../../src/tree/entry.ts";

/** A file, link or directory of a tree in memory. */
export type Node = {
  kind: "file" | "dir" | "link";
  /** Bytes of a file, target of a link. */
  text: string;
  executable: boolean;
  /** When it was written last, as the file system tells. */
  atMs: number;
};

/** A tree in memory, in no order. */
export type Model = Map<string, Node>;

/** Both sides, what they had in common, and what of it is on record. */
export type World = { common: Model; base: BaseEntry[]; host: Model; inner: Model };

/** Long after anything was written: every stamp can be trusted. */
export const CLOCKS: Clocks = { hostMs: 1e12, innerMs: 1e12 };

const name = fc.constantFrom("a", "b", "c", "a.b", "é");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const content = fc.constantFrom("", "one", "two", "six", "three");
const node = fc.record({
  kind: fc.constantFrom("file", "file", "file", "dir", "link"),
  text: content,
  executable: fc.boolean(),
});

/** Something done to a tree; what cannot be done is not. */
type Edit =
  | { do: "put"; path: string; node: Omit<Node, "atMs"> }
  | { do: "remove"; path: string }
  | { do: "touch"; path: string };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constant("put" as const), path, node }),
  fc.record({ do: fc.constant("remove" as const), path }),
  fc.record({ do: fc.constant("touch" as const), path }),
);

/** Two trees that were equal and went their own ways. */
export const worlds: fc.Arbitrary<World> = fc.record({
  start: fc.array(edit, { maxLength: 14 }),
  host: fc.array(edit, { maxLength: 8 }),
  inner: fc.array(edit, { maxLength: 8 }),
  /** Which entries of the base lack something, as those written just before a look do. */
  racy: fc.integer({ min: 0, max: 7 }),
}).map(({ start, host, inner, racy }) => {
  const common = applyEdits(new Map(), { edits: start, fromMs: 1000 });
  const entries = sorted(common).map(([at, item], index): BaseEntry => {
    const entry = toBaseEntry({
      host: toEntry(at, item),
      inner: toEntry(at, item),
      ...(item.kind === "file" ? { sha256: sha256Hex(item.text) } : {}),
    }, CLOCKS);
    if ((racy & 1) !== 0 && index % 3 === 0) delete entry.host;
    if ((racy & 2) !== 0 && index % 3 === 1) delete entry.inner;
    if ((racy & 4) !== 0 && index % 2 === 0 && entry.host !== undefined) delete entry.sha256;
    return entry;
  });
  return {
    common,
    base: entries,
    host: applyEdits(new Map(common), { edits: host, fromMs: 100_000 }),
    inner: applyEdits(new Map(common), { edits: inner, fromMs: 200_000 }),
  };
});

function applyEdits(model: Model, options: { edits: readonly Edit[]; fromMs: number }): Model {
  let atMs = options.fromMs;
  for (const done of options.edits) {
    atMs++;
    if (done.do === "remove") removeBelow(model, done.path);
    else if (done.do === "touch") {
      const there = model.get(done.path);
      if (there !== undefined) model.set(done.path, { ...there, atMs });
    } else {
      const { kind, text, executable } = done.node;
      for (let end = done.path.indexOf("/"); end >= 0; end = done.path.indexOf("/", end + 1)) {
        const parent = done.path.slice(0, end);
        if (model.get(parent)?.kind === "dir") continue;
        model.set(parent, { kind: "dir", text: "", executable: false, atMs });
      }
      if (kind === "dir" && model.get(done.path)?.kind === "dir") continue;
      removeBelow(model, done.path);
      model.set(done.path, {
        kind,
        text: kind === "dir" ? "" : text,
        executable: kind === "file" && executable,
        atMs,
      });
    }
  }
  return model;
}

function removeBelow(model: Model, gone: string): void {
  for (const at of [...model.keys()]) {
    if (at === gone || at.startsWith(`${gone}/`)) model.delete(at);
  }
}

/** As a walk tells a tree. */
export function toEntries(model: Model): TreeEntry[] {
  return sorted(model).map(([at, item]) => toEntry(at, item));
}

function sorted(model: Model): [string, Node][] {
  return [...model].sort(([a], [b]) => comparePaths(a, b));
}

function toEntry(at: string, { kind, text, executable, atMs }: Node): TreeEntry {
  return {
    path: at,
    kind,
    mode: kind === "dir" || executable ? 0o755 : 0o644,
    size: kind === "file" ? text.length : 0,
    mtimeMs: atMs,
    ctimeMs: atMs,
    ...(kind === "link" ? { target: text } : {}),
  };
}

/** What a world's differences are, by the same steps as those of real trees. */
export function observeWorld(world: World): { differences: Difference[]; learned: BaseChange[] } {
  const differences: Difference[] = [];
  const learned: BaseChange[] = [];
  const trees = { base: world.base, host: toEntries(world.host), inner: toEntries(world.inner) };
  for (const candidate of compareTrees(trees)) {
    assert.ok(candidate !== WAIT && !("problem" in candidate));
    const need = needsHash(candidate);
    for (const side of ["host", "inner"] as const) {
      if (!need[side]) continue;
      const sha256 = sha256Hex(world[side].get(candidate.path)!.text);
      candidate[side] = { ...candidate[side]!, sha256 };
    }
    const result = classify(candidate, { clocks: CLOCKS });
    if (result.difference !== undefined) differences.push(result.difference);
    if (result.learned !== undefined) learned.push(result.learned);
  }
  return { differences, learned };
}

/** Carries a plan out as an executor does, which refuses what a file system would. */
export function applyPlan(
  world: World,
  plan: TransferPlan,
  options: { from: "inner" | "host"; learned: readonly BaseChange[] },
): World {
  const [from, to] = options.from === "inner"
    ? [world.inner, new Map(world.host)]
    : [world.host, new Map(world.inner)];
  const side = options.from === "inner" ? "host" : "inner";
  for (const { path: at, was } of plan.expected) {
    const there = to.get(at);
    const { kind, size, mtimeMs, ctimeMs } = there === undefined
      ? { kind: undefined, size: 0, mtimeMs: 0, ctimeMs: 0 }
      : toEntry(at, there);
    assert.deepEqual(was, kind === undefined ? null : { kind, size, mtimeMs, ctimeMs });
  }
  let atMs = 300_000;
  const changes = new Map<string, BaseChange>(options.learned.map((item) => [item.path, item]));
  for (const at of plan.removes) {
    assert.ok(to.has(at), `${at} is there to be removed`);
    assert.ok(![...to.keys()].some((other) => other.startsWith(`${at}/`)), `${at} is empty`);
    to.delete(at);
    changes.set(at, { path: at, gone: true });
  }
  const record = (at: string) => {
    const host = toEntry(at, (side === "host" ? to : from).get(at)!);
    const inner = toEntry(at, (side === "host" ? from : to).get(at)!);
    const hash = host.kind === "file" ? { sha256: sha256Hex(from.get(at)!.text) } : {};
    changes.set(at, toBaseEntry({ host, inner, ...hash }, CLOCKS));
  };
  for (const { path: at, entry } of plan.writes) {
    const slash = at.lastIndexOf("/");
    if (slash > 0) assert.equal(to.get(at.slice(0, slash))?.kind, "dir", `${at} has a parent`);
    const there = to.get(at);
    assert.ok(there?.kind !== "dir", `${at} replaces no directory`);
    assert.ok(entry.kind !== "dir" || there === undefined, `${at} can be made`);
    to.set(at, { ...from.get(at)!, atMs: atMs++ });
    record(at);
  }
  for (const { path: at, executable } of plan.modes) {
    assert.equal(to.get(at)?.kind, "file");
    to.set(at, { ...to.get(at)!, executable, atMs: atMs++ });
    record(at);
  }
  const sortedChanges = [...changes.values()].sort((a, b) => comparePaths(a.path, b.path));
  return {
    common: world.common,
    base: [...mergeBase(world.base, sortedChanges)],
    host: side === "host" ? to : world.host,
    inner: side === "inner" ? to : world.inner,
  };
}

/** Whether two things are the same to whoever reads them. */
export function isSameNode(a: Node | undefined, b: Node | undefined): boolean {
  return a?.kind === b?.kind && a?.text === b?.text && a?.executable === b?.executable;
}
