import type { Engine } from "../engine/engine.ts";
import type { KnownItem } from "../tree/dir_digest.ts";
import type { TreeItem, TreeProblem } from "../tree/entry.ts";
import type { TreeRules } from "../tree/rules.ts";

/** A directory of a copy cage: a name inside, a place on the host. */
export type CageRoot = {
  /** Below `/work`: `project`, or the name of an additional directory. */
  name: string;
  /** Absolute host path of what it was copied from and is exported to. */
  hostPath: string;
};

/** A cage whose files are in a volume, as far as transfer has to know it. */
export type CopyCage = {
  id: string;
  /** What people call it. */
  name: string;
  /** Where the cage keeps its files on the host, `~/.sandcage/cages/<id>`. */
  dir: string;
  /** Names of the volumes of its work and of its checkpoints. */
  volumes: { work: string; checkpoints: string };
  /** Who owns the files inside. */
  user: { uid: number; gid: number };
  /** The project first. */
  roots: readonly CageRoot[];
  engine: Engine;
  /** Image of the courier, made when it is missing; asked for only when one has to be started. */
  courierImage(): Promise<string>;
};

/** What must still be so when a change is made, or nothing is changed. */
export type Expected = {
  path: string;
  /** As a scan saw it; `null`: nothing is there. */
  was: { kind: "file" | "dir" | "link"; size: number; mtimeMs: number; ctimeMs: number } | null;
};

/** Changes of one root that are made together or not at all. */
export type TreeChange = {
  /** A tar stream of what is added or replaced, parents before children. */
  tar: AsyncIterable<Uint8Array>;
  /** Bytes of the stream that are contents, for the bar. */
  bytes: number;
  entries: number;
  /** What is removed. A directory goes only when it is empty by then. */
  removes: readonly string[];
  expected: readonly Expected[];
};

/** How a change ended. */
export type ChangeResult = {
  /** Paths that are not as expected any more: when there is one, nothing was done. */
  changed: readonly string[];
  /** Symlinks that were not made, all else was: through others inside they lead outside. */
  refusedLinks: readonly string[];
};

/** One checkpoint. */
export type Checkpoint = {
  name: string;
  takenAt: string;
  bytes: number;
  entries: number;
  /** It cannot come back, and can only be removed. */
  isDamaged?: true;
};

/**
 * The way to the files of a copy cage: a program of ours in a container of its own, without a
 * network, beside whatever the agent runs. What it says is a hint: its bytes come from where the
 * agent rules, and are checked here. Roots are relative to `/work`, `project` or `project/.git`.
 *
 * All reject with a `UserError` that names the cage when the courier cannot be reached or breaks off.
 */
export type Courier = AsyncDisposable & {
  /**
   * Walks a tree without reading files; batches in {@link comparePaths} order. The root `""` is all of
   * `/work`, here and in {@link Courier.read}.
   *
   * @param options.onClock Gets what the clock inside said when the walk began, in milliseconds
   * since 1970, when it has ended.
   */
  scan(
    root: string,
    rules: TreeRules,
    options?: { onClock?(innerMs: number): void },
  ): AsyncIterable<readonly TreeItem[]>;
  /**
   * Walks a tree as {@link Courier.scan} does; of directories that have the digest they are known by,
   * only marks come.
   */
  scanKnown(
    root: string,
    rules: TreeRules,
    options: {
      known: readonly [dir: string, digest: string][];
      onClock?(innerMs: number): void;
    },
  ): AsyncIterable<readonly KnownItem[]>;
  /** SHA-256 of files by path, hex; those that cannot be read are missing. */
  hash(root: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * The named entries as one tar stream, in the order given; hard links come as files. A piece is
   * good only until the next one is asked for: its buffer is used again.
   *
   * @param options.onProblem Gets what is not in the stream, or "changed while read" in it: then the
   * stream has bytes that no file ever had maybe.
   */
  read(
    root: string,
    paths: readonly string[],
    options?: { onProblem?(problem: TreeProblem): void },
  ): AsyncIterable<Uint8Array>;
  /**
   * Every `.git` below a root, untouched, as one tar stream that nobody here may open; of the root `""`
   * only the one that is directly in `/work`.
   *
   * @param options.onCount Gets how many there were, when the stream has ended.
   */
  repositories(
    root: string,
    options?: { onCount?(count: number): void },
  ): AsyncIterable<Uint8Array>;
  /**
   * Writes entries as they come, replacing what is there: for a tree nobody works in yet. What was
   * written before a cut stays.
   */
  fill(root: string, tar: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes changes together or not at all. */
  change(root: string, change: TreeChange): Promise<ChangeResult>;
  /** Removes paths with all that is below; the root `""` is `/work`, for a whole directory. */
  remove(root: string, paths: readonly string[]): Promise<void>;
  /**
   * Takes a checkpoint of all of `/work`, or brings one back. One whose bytes are not those that were
   * written is refused before anything is changed.
   */
  checkpoint(name: string): Promise<Checkpoint>;
  checkpoints(): Promise<readonly Checkpoint[]>;
  restore(name: string): Promise<void>;
  forgetCheckpoint(name: string): Promise<void>;
};
