import { commitStage } from "./commit.ts";
import { type EntryKind, withExecutable } from "./entry.ts";
import type { TreeFs } from "./fs.ts";
import { STAGE, StageError, type Was } from "./journal.ts";
import { removeTree } from "./remove_tree.ts";
import { clearStage, type KeptPath, prepareStageDir } from "./stage_dir.ts";

/** Where a change is prepared and made. Both directories are absolute and of one file system. */
export type StageOptions = {
  fs: TreeFs;
  /** The tree that is changed. */
  root: string;
  /** Made here, and removed in the end; nobody else may use it meanwhile. */
  stageDir: string;
  /** Whether a stage that was cut before its commit may be used, see {@link Stage.reuse}. */
  resume: boolean;
};

/** A file as it comes. */
export type StagedFile = {
  path: string;
  size: number;
  /** Nothing else of a mode crosses. */
  isExecutable: boolean;
  mtimeMs: number;
};

/** The bytes of one file. */
export type FileSink = {
  write(bytes: Uint8Array): void;
  /**
   * The file is whole.
   *
   * @throws {StageError} If it is not as long as was said.
   */
  end(): void;
  /** The file is not wanted after all. */
  drop(): void;
};

/** What is done besides bringing what was staged. */
export type StageChange = {
  /** A directory goes only when it is empty by then. */
  removes: readonly string[];
  /** Files that become executable, or stop being it. */
  modes: readonly { path: string; isExecutable: boolean }[];
  /**
   * What must still be so, or nothing is done. A path that is changed and not listed must not be
   * there, a directory that is brought excepted.
   */
  expected: readonly { path: string; was: Was | null }[];
};

/** How a commit ended. */
export type CommitResult = {
  /** Paths that are not as expected any more: when there is one, nothing was done. */
  changed: readonly string[];
  /** Symlinks that were not made: through others that are there they lead outside. */
  refusedLinks: readonly string[];
  /** What could not go back to its place, which somebody moved meanwhile, when all was taken back. */
  kept: readonly KeptPath[];
};

/**
 * A change of a directory tree that is made as a whole or not at all, also when the program is
 * killed at any moment: what comes waits beside the tree, a journal commits it, and renames bring it
 * to its place. Whoever comes next calls `recoverStage` first.
 *
 * Paths must have passed `checkEntryPath`, targets of symlinks `checkLinkTarget`.
 */
export type Stage = {
  /** A file that comes now; its bytes go into the sink. Directories above it are made. */
  file(file: StagedFile): FileSink;
  dir(path: string): void;
  /** A symlink; links are made after everything else. */
  link(path: string, target: string): void;
  /**
   * Takes a file from the stage that was cut: the same in path, size and time, which is set when a
   * file is whole. Answers with where it is, or `undefined` when it has to come again.
   */
  reuse(file: StagedFile): string | undefined;
  /** A file that came is not wanted after all. */
  drop(path: string): void;
  /** Makes the change. The stage is gone then, whatever the answer. */
  commit(change: StageChange): CommitResult;
  /** Gives up: nothing was changed. */
  discard(): void;
};

/** What a stage holds, for its commit. */
export type StageState = StageOptions & {
  /** What goes to its place by itself, all others with the directory above them. */
  tops: Map<string, { kind: EntryKind; size: number; mtimeMs: number }>;
  links: Map<string, string>;
  /** Everything that came in this run, where a stage is used again. */
  announced: Set<string> | undefined;
  /** Whether a directory is in the tree already, or only in the stage. */
  places: Map<string, "there" | "new">;
};

/**
 * Opens a stage.
 *
 * @throws {StageError} If the tree is no directory, or a commit waits to be recovered.
 */
export function openStage(options: StageOptions): Stage {
  const { fs, root, stageDir } = options;
  if (fs.lstat(root)?.kind !== "dir") throw new StageError(`${root} is no directory`);
  const isResumed = prepareStageDir(options);
  const state: StageState = {
    ...options,
    tops: new Map(),
    links: new Map(),
    announced: isResumed ? new Set() : undefined,
    places: new Map(),
  };
  const made = new Set<string>();
  return {
    file: (file) => openFile(state, file, made),
    dir(path) {
      state.announced?.add(path);
      if (findPlace(state, path) === "new") makeStagedDir(state, path, made);
    },
    link(path, target) {
      state.announced?.add(path);
      announceParent(state, path);
      state.links.set(path, target);
      addTop(state, path, { kind: "link", size: 0, mtimeMs: 0 });
      makeParent(state, path, made);
    },
    reuse(file) {
      if (!isResumed) return undefined;
      const staged = `${stageDir}/${STAGE.fresh}/${file.path}`;
      const stat = fs.lstat(staged);
      const isWhole = stat?.kind === "file" && stat.size === file.size &&
        Math.floor(stat.mtimeMs) === Math.floor(file.mtimeMs);
      if (!isWhole) return undefined;
      state.announced?.add(file.path);
      announceParent(state, file.path);
      makeParent(state, file.path, made);
      const mode = modeOf(state, file);
      if ((stat.mode & 0o777) !== mode.mode) fs.chmod(staged, mode.mode);
      addTop(state, file.path, { kind: "file", size: file.size, mtimeMs: file.mtimeMs });
      return staged;
    },
    drop(path) {
      state.announced?.delete(path);
      state.tops.delete(path);
      fs.remove(`${stageDir}/${STAGE.fresh}/${path}`);
    },
    commit: (change) => commitStage(state, change),
    discard: () => clearStage(fs, stageDir),
  };
}

function openFile(state: StageState, file: StagedFile, made: Set<string>): FileSink {
  const { fs, stageDir, announced } = state;
  const staged = `${stageDir}/${STAGE.fresh}/${file.path}`;
  announced?.add(file.path);
  announceParent(state, file.path);
  makeParent(state, file.path, made);
  if (announced !== undefined) removeTree(fs, staged);
  const mode = modeOf(state, file);
  const handle = fs.openNew(staged, file.isExecutable ? 0o755 : 0o644);
  let written = 0;
  let isOpen = true;
  const close = () => {
    if (isOpen) handle.close();
    isOpen = false;
  };
  return {
    write(bytes) {
      written += bytes.length;
      if (written <= file.size) return handle.write(bytes);
      throw new StageError(`${JSON.stringify(file.path)} is longer than was said`);
    },
    end() {
      close();
      if (written !== file.size) {
        throw new StageError(`${JSON.stringify(file.path)} is not as long as was said`);
      }
      if (mode.isOfOld) fs.chmod(staged, mode.mode);
      fs.setMtime(staged, file.mtimeMs);
      addTop(state, file.path, { kind: "file", size: file.size, mtimeMs: file.mtimeMs });
    },
    drop() {
      close();
      fs.remove(staged);
    },
  };
}

// What the user decided about a file's mode stays when its contents are replaced.
function modeOf(state: StageState, file: StagedFile): { mode: number; isOfOld: boolean } {
  const old = findPlace(state, parentOf(file.path)) === "there"
    ? state.fs.lstat(`${state.root}/${file.path}`)
    : undefined;
  if (old?.kind !== "file") return { mode: file.isExecutable ? 0o755 : 0o644, isOfOld: false };
  return { mode: withExecutable(old.mode, file.isExecutable), isOfOld: true };
}

/** Directories that are not in the tree go to their place with all that is in them. */
function findPlace(state: StageState, path: string): "there" | "new" {
  if (path === "") return "there";
  const known = state.places.get(path);
  if (known !== undefined) return known;
  const parent = findPlace(state, parentOf(path));
  const isThere = parent === "there" && state.fs.lstat(`${state.root}/${path}`)?.kind === "dir";
  const place = isThere ? "there" : "new";
  state.places.set(path, place);
  if (place === "new" && parent === "there") {
    state.tops.set(path, { kind: "dir", size: 0, mtimeMs: 0 });
  }
  return place;
}

function announceParent(state: StageState, path: string): void {
  findPlace(state, parentOf(path));
}

function addTop(
  state: StageState,
  path: string,
  top: { kind: EntryKind; size: number; mtimeMs: number },
): void {
  if (findPlace(state, parentOf(path)) === "there") state.tops.set(path, top);
}

function makeParent(state: StageState, path: string, made: Set<string>): void {
  makeStagedDir(state, parentOf(path), made);
}

function makeStagedDir(state: StageState, path: string, made: Set<string>): void {
  if (path === "" || made.has(path)) return;
  makeStagedDir(state, parentOf(path), made);
  made.add(path);
  const staged = `${state.stageDir}/${STAGE.fresh}/${path}`;
  if (state.announced !== undefined) {
    state.announced.add(path);
    const there = state.fs.lstat(staged);
    if (there?.kind === "dir") return;
    if (there !== undefined) state.fs.remove(staged);
  }
  state.fs.mkdir(staged, 0o755);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
