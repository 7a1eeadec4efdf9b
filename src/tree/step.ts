import type { TreeFs, TreeStat } from "./fs.ts";
import { STAGE, type Step, type Was } from "./journal.ts";

/** Where steps are taken. */
export type Site = {
  fs: TreeFs;
  root: string;
  stageDir: string;
  /** True after a crash: then any step may have been taken, in whole or in part. */
  recovering: boolean;
  /** Directories that were looked at before the first step, and which they were. */
  parents: Map<string, string>;
};

/** `changed`: the path is not what it was any more, and stays as it is. */
export type StepResult = "done" | "changed";

/** Whether what is at a path is what was there; of a directory only that it is one. */
export function isAsItWas(stat: TreeStat | undefined, was: Was | null): boolean {
  if (stat === undefined || was === null) return stat === undefined && was === null;
  if (stat.kind !== was.kind) return false;
  if (stat.kind === "dir") return true;
  // The size of a symlink is the length of its target, which its change time tells as well.
  if (stat.kind === "file" && stat.size !== was.size) return false;
  return Math.floor(stat.mtimeMs) === Math.floor(was.mtimeMs) &&
    Math.floor(stat.ctimeMs) === Math.floor(was.ctimeMs);
}

/** Whether every directory above a path is one, and no symlink; remembers those that are. */
export function hasRealParents(site: Site, path: string): boolean {
  const found: [string, string][] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const parent = path.slice(0, end);
    if (site.parents.has(parent)) break;
    const stat = site.fs.lstat(`${site.root}/${parent}`);
    if (stat?.kind !== "dir") return false;
    found.push([parent, stat.identity]);
  }
  for (const [parent, identity] of found) site.parents.set(parent, identity);
  return true;
}

/** Takes a step; `index` is its number in the journal. */
export function takeStep(site: Site, step: Step, options: { index: number }): StepResult {
  switch (step.do) {
    case "place":
      return place(site, step, `${site.stageDir}/${STAGE.old}/${options.index}`);
    case "remove":
      return remove(site, step, `${site.stageDir}/${STAGE.old}/${options.index}`);
    case "mode":
      return setMode(site, step);
    default:
      return unreachable(step);
  }
}

/**
 * Takes a step back, if it was taken. What somebody changed since stays as it is; `changed` when what
 * was there before has no place to go back to.
 */
export function undoStep(site: Site, step: Step, options: { index: number }): StepResult {
  const { fs, root } = site;
  const target = `${root}/${step.path}`;
  const old = `${site.stageDir}/${STAGE.old}/${options.index}`;
  if (!isInPlace(site, step)) return fs.lstat(old) === undefined ? "done" : "changed";
  switch (step.do) {
    case "place":
      return undoPlace(site, step, old);
    case "remove":
      if (fs.lstat(old) === undefined) return "done";
      if (fs.lstat(target) !== undefined) return "changed";
      fs.rename(old, target);
      return "done";
    case "mode": {
      const stat = fs.lstat(target);
      if (stat?.kind === "file" && (stat.mode & 0o777) === step.mode) {
        fs.chmod(target, step.oldMode);
      }
      return "done";
    }
    default:
      return unreachable(step);
  }
}

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

function place(site: Site, step: StepOf<"place">, old: string): StepResult {
  const { fs, root, stageDir, recovering } = site;
  const target = `${root}/${step.path}`;
  const staged = `${stageDir}/${STAGE.fresh}/${step.path}`;
  if (recovering && fs.lstat(staged) === undefined) return "done";
  if (!isInPlace(site, step)) return "changed";
  const there = fs.lstat(target);
  const kept = recovering ? fs.lstat(old) : undefined;
  if (!isAsItWas(there, step.was)) {
    // The step was cut after the old file got its second name, or was moved away.
    const isCut = kept !== undefined && step.was !== null &&
      (there === undefined || there.identity === kept.identity);
    if (!isCut) return "changed";
  }
  if (there !== undefined && kept === undefined) keepOld(fs, target, { kind: there.kind, old });
  fs.rename(staged, target);
  return "done";
}

// A second name leaves the file at its place until the new one replaces it: a reader never misses it.
function keepOld(fs: TreeFs, target: string, options: { kind: string; old: string }): void {
  if (options.kind === "link") return fs.symlink(fs.readLink(target), options.old);
  try {
    fs.link(target, options.old);
  } catch {
    // File systems without hard links, and other people's files.
    fs.rename(target, options.old);
  }
}

function undoPlace(site: Site, step: StepOf<"place">, old: string): StepResult {
  const { fs, root, stageDir } = site;
  const target = `${root}/${step.path}`;
  const staged = `${stageDir}/${STAGE.fresh}/${step.path}`;
  const kept = fs.lstat(old);
  let there = fs.lstat(target);
  const isTaken = fs.lstat(staged) === undefined;
  if (isTaken && there !== undefined) {
    if (!isPlaced(there, step)) return kept === undefined ? "done" : "changed";
    fs.rename(target, staged);
    there = undefined;
  }
  if (kept === undefined) return "done";
  if (there === undefined) fs.rename(old, target);
  else if (there.kind !== "link" && there.identity !== kept.identity) return "changed";
  else fs.remove(old);
  return "done";
}

function isPlaced(stat: TreeStat, step: StepOf<"place">): boolean {
  if (stat.kind !== step.kind) return false;
  return step.kind !== "file" ||
    stat.size === step.size && Math.floor(stat.mtimeMs) === Math.floor(step.mtimeMs);
}

function remove(site: Site, step: StepOf<"remove">, old: string): StepResult {
  const { fs, root, recovering } = site;
  const target = `${root}/${step.path}`;
  if (recovering && fs.lstat(old) !== undefined) return "done";
  if (!isInPlace(site, step)) return recovering ? "done" : "changed";
  const there = fs.lstat(target);
  if (there === undefined && recovering) return "done";
  if (!isAsItWas(there, step.was)) return "changed";
  if (there?.kind === "dir" && fs.list(target).length > 0) return step.must ? "changed" : "done";
  fs.rename(target, old);
  return "done";
}

function setMode(site: Site, step: StepOf<"mode">): StepResult {
  const { fs, root } = site;
  const target = `${root}/${step.path}`;
  if (!isInPlace(site, step)) return "changed";
  const there = fs.lstat(target);
  if (there?.kind !== "file") return "changed";
  if ((there.mode & 0o777) === step.mode) return "done";
  if (!isAsItWas(there, step.was)) return "changed";
  fs.chmod(target, step.mode);
  return "done";
}

// The whole way was looked at before the first step; the directory right above is looked at again,
// which tells when any on the way was swapped. After a crash nothing is known.
function isInPlace(site: Site, { path }: Step): boolean {
  const end = path.lastIndexOf("/");
  if (end < 0) return true;
  const parent = path.slice(0, end);
  if (!hasRealParents(site, path)) return false;
  const stat = site.fs.lstat(`${site.root}/${parent}`);
  return stat?.kind === "dir" && stat.identity === site.parents.get(parent);
}

function unreachable(value: never): never {
  throw new Error(`Unreachable case: ${JSON.stringify(value)}`);
}
