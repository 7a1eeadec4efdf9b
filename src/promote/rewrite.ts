import { type Commit, parseCommit, rewriteCommit } from "./commit.ts";
import type { Git } from "./git.ts";
import { findMissing, listCommits, type Odb, openOdb } from "./odb.ts";
import { hashObject, type NewObject } from "./pack.ts";
import { findDirtyDirs, loadAlong } from "./prefetch.ts";
import { createOwnLines, type OwnLines } from "./own_lines.ts";
import { type Replayed, replayTree } from "./replay.ts";
import type { CommitRange } from "./fetch_outcome.ts";
import { formatRawPath } from "./raw_path.ts";
import { hexId, type RawId, rawId } from "./tree.ts";
import { createTreeStore, EMPTY_TREE, type TreeStore } from "./tree_store.ts";
import type { CommitMap, Identity, ObjectId } from "./types.ts";

/** Which commits go out, and onto what. */
export type RewriteRequest = {
  /** Tip of the commits inside. */
  tip: ObjectId;
  /** The last of them that has a counterpart on the user's side: the snapshot at first. */
  done: ObjectId;
  /** The user's commit that stands for `done`: the branch's tip, also where the user went on. */
  onto: ObjectId;
  identity: Identity;
  /** Those commits, where they are listed already. */
  range?: CommitRange | undefined;
  /** Told of the last tree once all trees are in the repository, while commits may not be. */
  onTree?: ((tree: ObjectId) => void) | undefined;
};

/** What the rewrite works with. */
export type RewriteTools = {
  /** The user's repository; the commits of the request are in it. */
  git: Git;
  /** Puts objects into the repository; called now and then with what was made since. */
  store(objects: readonly NewObject[]): Promise<void>;
  /** Tells counterparts of commits before `done`: asked where a side branch begins there. */
  known(): Promise<CommitMap>;
  /** Signs the bytes of a commit and tells the value of its header. Off by default. */
  sign?: ((payload: Uint8Array) => Promise<string>) | undefined;
  signal?: AbortSignal | undefined;
};

/** What came of it. */
export type Rewritten =
  | {
    kind: "built";
    /** The counterpart of the request's tip. */
    tip: ObjectId;
    /** Counterparts of this request's commits alone. */
    map: Map<ObjectId, ObjectId>;
    commits: number;
    /** Trees that neither side had. */
    trees: number;
  }
  | {
    kind: "collision";
    /** The commit inside whose change does not fit. */
    commit: ObjectId;
    /** Made visible. */
    paths: string[];
    /** The last commit on the way to the tip that fits: a request up to there succeeds. */
    fits: ObjectId | undefined;
  };

/** So many commits are read at once. */
const AT_ONCE = 1024;

/** What was made is written once it is so many bytes. */
const STORE_BYTES = 32 * 1024 * 1024;

type Inner = { id: ObjectId; commit: Commit };

/** A commit of the user's side. */
type Outer = { id: ObjectId; tree: RawId };

type Run = {
  request: RewriteRequest;
  tools: RewriteTools;
  odb: Odb;
  trees: TreeStore;
  ownLines: OwnLines;
  /** Trees of commits inside. */
  inner: Map<ObjectId, RawId>;
  outer: Map<ObjectId, Outer>;
  /** Commits inside whose counterpart has all that `onto` has. */
  current: Set<ObjectId>;
};

/**
 * Builds the commits of the user's side. Messages, dates, merges and side branches are those inside;
 * trees are the user's with the change of each commit, path by path. The same request gives the same
 * ids, unless commits are signed with a key whose signatures differ. No ref moves.
 *
 * @throws {UserError} If the repository cannot be read, or `tools.store` fails.
 */
export async function rewriteCommits(
  request: RewriteRequest,
  tools: RewriteTools,
): Promise<Rewritten> {
  await using odb = openOdb(tools.git);
  const ids = await listRequested(request, tools);
  const trees = createTreeStore(odb);
  const run: Run = {
    request,
    tools,
    odb,
    trees,
    ownLines: createOwnLines(odb),
    inner: new Map(),
    outer: new Map(),
    current: new Set([request.done]),
  };
  const map = new Map<ObjectId, ObjectId>();
  const waiting: NewObject[] = [];
  let [treeCount, waitingBytes] = [0, 0];
  const storeTrees = async () => {
    const made = trees.takeMade();
    treeCount += made.length;
    const files = [...run.ownLines.takeMade(), ...made];
    if (files.length > 0) await tools.store(files);
  };
  const storeCommits = async () => {
    await tools.store(waiting);
    [waiting.length, waitingBytes] = [0, 0];
  };
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    tools.signal?.throwIfAborted();
    const batch = await readBatch(ids.slice(from, from + AT_ONCE), run);
    await learnParents(batch, run);
    await loadTrees(batch, run);
    for (const inner of batch) {
      const replayed = await rewriteTree(inner, run);
      if (replayed.kind === "collision") {
        const paths = replayed.paths.map(formatRawPath);
        return { kind: "collision", commit: inner.id, paths, fits: await findFitting(run) };
      }
      const object = await rewriteOne(inner, { tree: replayed.id, run });
      const id = hashObject(object);
      waiting.push(object);
      waitingBytes += object.bytes.length;
      run.outer.set(inner.id, { id, tree: replayed.id });
      map.set(inner.id, id);
    }
    if (trees.madeBytes + waitingBytes > STORE_BYTES) {
      await storeTrees();
      await storeCommits();
    }
    trees.trim();
  }
  await storeTrees();
  const last = run.outer.get(request.tip);
  if (last !== undefined) request.onTree?.(hexId(last.tree));
  if (waiting.length > 0) await storeCommits();
  const tip = map.get(request.tip) ?? request.onto;
  return { kind: "built", tip, map, commits: map.size, trees: treeCount };
}

async function listRequested(
  { done, tip, range }: RewriteRequest,
  { git }: RewriteTools,
): Promise<readonly ObjectId[]> {
  if (range?.from === done && range.tip === tip) return range.ids;
  return await listCommits(git, { from: done, tip });
}

/** Reads commits; with the first of them, those they are put onto. */
async function readBatch(ids: readonly ObjectId[], run: Run): Promise<Inner[]> {
  const { done, onto } = run.request;
  const ends = run.outer.size === 0 ? [done, onto] : [];
  const texts = await run.odb.read([...ids, ...ends], "commit");
  if (ends.length > 0) {
    const [inner, outer] = texts.slice(-2).map((text) => rawId(parseCommit(text).tree));
    run.inner.set(done, inner!);
    run.outer.set(done, { id: onto, tree: outer! });
  }
  return ids.map((id, index) => {
    const commit = parseCommit(texts[index]!);
    run.inner.set(id, rawId(commit.tree));
    return { id, commit };
  });
}

/** Learns the trees and counterparts of parents before `done`: side branches begin there. */
async function learnParents(batch: readonly Inner[], run: Run): Promise<void> {
  const { request, odb, tools } = run;
  const parents = new Set(batch.flatMap(({ commit }) => commit.parents));
  const before = [...parents].filter((id) => !run.inner.has(id));
  if (before.length === 0) return;
  const known = await tools.known();
  const wanted = before.map((id) => known.get(id) ?? request.onto);
  const missing = await findMissing(tools.git, [...new Set(wanted)]);
  // What the user has thrown away since stands for nothing any more.
  const outer = wanted.map((id) => missing.has(id) ? request.onto : id);
  const read = await odb.read([...before, ...outer], "commit");
  const trees = read.map((text) => rawId(parseCommit(text).tree));
  for (const [index, id] of before.entries()) {
    run.inner.set(id, trees[index]!);
    run.outer.set(id, { id: outer[index]!, tree: trees[before.length + index]! });
    // Its counterpart is the tip itself: nothing of the user's is missing from it.
    if (outer[index] === request.onto) run.current.add(id);
  }
}

/** Loads what the replay of these commits will look at, level by level instead of one by one. */
async function loadTrees(batch: readonly Inner[], run: Run): Promise<void> {
  const bases = batch.flatMap((inner) => {
    const base = baseOf(inner, run);
    const outer = base === undefined ? undefined : run.outer.get(base);
    return outer === undefined ? [] : [{ inner: run.inner.get(base!)!, outer: outer.tree }];
  });
  const dirty = await findDirtyDirs(bases, run.trees);
  if (dirty === undefined) return;
  await loadAlong({ dirty, roots: batch.map(({ id }) => run.inner.get(id)!) }, run.trees);
}

/**
 * The parent whose counterpart the change is put onto: the first that has all that the user's tip
 * has. A merge of the agent's whose first parent is an old side branch would lose the user's own
 * commits otherwise.
 */
function baseOf({ commit }: Inner, run: Run): ObjectId | undefined {
  return commit.parents.find((id) => run.current.has(id)) ?? commit.parents[0];
}

/** The tree on the user's side, or the paths that do not fit. */
async function rewriteTree(
  inner: Inner,
  run: Run,
): Promise<Exclude<Replayed, { kind: "missing" }>> {
  const base = baseOf(inner, run);
  if (inner.commit.parents.some((id) => run.current.has(id))) run.current.add(inner.id);
  const step = {
    from: base === undefined ? EMPTY_TREE : run.inner.get(base)!,
    to: run.inner.get(inner.id)!,
    onto: base === undefined ? EMPTY_TREE : run.outer.get(base)!.tree,
  };
  for (;;) {
    const replayed = replayTree(step, run.trees, run);
    if (replayed.kind !== "missing") return replayed;
    await run.trees.load(replayed.ids);
    await run.ownLines.load(replayed.files);
  }
}

async function rewriteOne(
  { commit }: Inner,
  { tree, run }: { tree: RawId; run: Run },
): Promise<NewObject> {
  const counterparts = commit.parents.map((id) => run.outer.get(id)!.id);
  const change = {
    tree: hexId(tree),
    // Two parents inside may have one counterpart, where the map of old ones is lost.
    parents: [...new Set(counterparts)],
    identity: run.request.identity,
  };
  const bytes = rewriteCommit(commit, change);
  const { sign } = run.tools;
  if (sign === undefined) return { type: "commit", bytes };
  return {
    type: "commit",
    bytes: rewriteCommit(commit, { ...change, signature: await sign(bytes) }),
  };
}

/** The last commit on the first-parent way to the tip that has a counterpart. */
async function findFitting(run: Run): Promise<ObjectId | undefined> {
  const { request, tools } = run;
  const way = await listCommits(tools.git, {
    from: request.done,
    tip: request.tip,
    only: "first-parents",
  });
  return way.findLast((id) => run.outer.has(id) && run.current.has(id));
}
