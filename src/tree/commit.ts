import { comparePaths, withExecutable } from "./entry.ts";
import type { TreeStat } from "./fs.ts";
import { STAGE, StageError, type Step, type Was, writeJournal } from "./journal.ts";
import { isFollowedInside } from "./link_target.ts";
import { removeTree } from "./remove_tree.ts";
import type { CommitResult, StageChange, StageState } from "./stage.ts";
import { clearQuietly, type KeptPath, moveToKept } from "./stage_dir.ts";
import { hasRealParents, isAsItWas, type Site, takeStep, undoStep } from "./step.ts";

/**
 * Makes what a stage holds and a change says, or nothing of it: an error on the way, or a path that
 * changes under it, takes every step back.
 */
export function commitStage(state: StageState, change: StageChange): CommitResult {
  const { fs, root, stageDir } = state;
  const site: Site = { fs, root, stageDir, recovering: false, parents: new Map() };
  try {
    const refusedLinks = makeLinks(state);
    if (state.announced !== undefined) dropUnannounced(state, state.announced, "");
    const expected = findExpected(state, change);
    const changed = findChanged(state, site, expected);
    const result: CommitResult = { changed, kept: [], refusedLinks };
    if (changed.length === 0) {
      Object.assign(result, makeChange(site, planSteps(state, { change, expected })));
    }
    clearQuietly(fs, stageDir);
    return result;
  } catch (error) {
    // A journal that stands could not be taken back: it is what the next one goes by.
    if (fs.lstat(`${stageDir}/${STAGE.journal}`) === undefined) clearQuietly(fs, stageDir);
    throw error;
  }
}

/**
 * Takes steps back, the last one first, and with them the commit. What has no place to go back to,
 * because somebody moved it meanwhile, is kept beside.
 */
export function undoSteps(site: Site, steps: readonly Step[]): KeptPath[] {
  const kept: KeptPath[] = [];
  // Which directories are where is looked at anew.
  const undoing = { ...site, parents: new Map<string, string>() };
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index]!;
    if (undoStep(undoing, step, { index }) === "done") continue;
    const copy = moveToKept(site.fs, site.stageDir, {
      path: `${site.stageDir}/${STAGE.old}/${index}`,
    });
    kept.push({ path: step.path, copy });
  }
  site.fs.remove(`${site.stageDir}/${STAGE.journal}`);
  return kept;
}

function makeChange(site: Site, steps: readonly Step[]): Pick<CommitResult, "changed" | "kept"> {
  if (steps.length === 0) return { changed: [], kept: [] };
  try {
    // What the journal promises must be on the disk before it is.
    site.fs.syncAll?.(site.stageDir);
    writeJournal(site.fs, site.stageDir, { steps });
    for (const [index, step] of steps.entries()) {
      if (takeStep(site, step, { index }) === "done") continue;
      return { changed: [step.path], kept: undoSteps(site, steps) };
    }
    site.fs.remove(`${site.stageDir}/${STAGE.journal}`);
    return { changed: [], kept: [] };
  } catch (error) {
    if (site.fs.lstat(`${site.stageDir}/${STAGE.journal}`) === undefined) throw error;
    try {
      undoSteps(site, steps);
    } catch {
      throw new StageError(describeStuck(site), { cause: error });
    }
    throw error;
  }
}

function describeStuck({ root, stageDir }: Site): string {
  return `A change of ${root} could neither be finished nor taken back; ${stageDir} has the rest`;
}

/** Links come after all files are written: no file is ever written through one. */
function makeLinks(state: StageState): string[] {
  const { fs, root, stageDir, links, places } = state;
  const targetOf = (path: string) => {
    const staged = links.get(path);
    if (staged !== undefined) return staged;
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (places.get(parent) === "new" || places.get(path) === "new") return undefined;
    return fs.lstat(`${root}/${path}`)?.kind === "link"
      ? fs.readLink(`${root}/${path}`)
      : undefined;
  };
  const refused: string[] = [];
  for (const [path, target] of links) {
    if (!isFollowedInside(path, target, { targetOf })) {
      refused.push(path);
      state.tops.delete(path);
      continue;
    }
    const staged = `${stageDir}/${STAGE.fresh}/${path}`;
    if (state.announced !== undefined) removeTree(fs, staged);
    fs.symlink(target, staged);
  }
  return refused;
}

/** What an earlier run staged and this one did not must not land with its directory. */
function dropUnannounced(state: StageState, announced: Set<string>, path: string): void {
  const staged = `${state.stageDir}/${STAGE.fresh}`;
  for (const name of state.fs.list(path === "" ? staged : `${staged}/${path}`)) {
    if (typeof name !== "string") continue;
    const child = path === "" ? name : `${path}/${name}`;
    if (!announced.has(child)) removeTree(state.fs, `${staged}/${child}`);
    else if (state.fs.lstat(`${staged}/${child}`)?.kind === "dir") {
      dropUnannounced(state, announced, child);
    }
  }
}

/** Everything that is expected, and every path that is changed, is looked at before the first step. */
function findChanged(state: StageState, site: Site, expected: Expectations): string[] {
  const { fs, root, tops } = state;
  const changed = new Set<string>();
  for (const [path, was] of expected) {
    // Of a directory that comes as a whole, what was there is gone with the one it was in.
    if (isInNew(state, path) || !hasRealParents(site, path)) changed.add(path);
    else if (!isAsItWas(fs.lstat(`${root}/${path}`), was)) changed.add(path);
  }
  for (const path of tops.keys()) {
    if (expected.has(path)) continue;
    if (!hasRealParents(site, path) || fs.lstat(`${root}/${path}`) !== undefined) changed.add(path);
  }
  return [...changed].sort(comparePaths);
}

type Expectations = ReadonlyMap<string, Was | null>;

/** What has to be looked at: that nothing is in a directory which is not there goes without saying. */
function findExpected(state: StageState, change: StageChange): Expectations {
  return new Map(
    change.expected.filter(({ path, was }) => was !== null || !isInNew(state, path))
      .map(({ path, was }) => [path, was]),
  );
}

/** Whether a path is below a directory that comes as a whole. */
function isInNew(state: StageState, path: string): boolean {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const parent = path.slice(0, end);
    const place = state.places.get(parent);
    if (place !== undefined) return place === "new";
  }
  return false;
}

function planSteps(
  state: StageState,
  { change, expected }: { change: StageChange; expected: Expectations },
): Step[] {
  const { fs, root, tops } = state;
  const was = new Map(expected);
  for (const path of change.removes) {
    if (!was.has(path)) was.set(path, findWas(fs.lstat(`${root}/${path}`)));
  }
  const removes = new Set(change.removes.filter((path) => was.get(path)));
  for (const [path, { kind }] of tops) {
    const old = was.get(path);
    if (old && (old.kind === "dir" || kind === "dir")) removes.add(path);
  }
  const steps: Step[] = [...removes].sort((a, b) => comparePaths(b, a))
    .map((path) => ({ do: "remove", path, was: was.get(path)!, must: tops.has(path) }));
  for (const { path, isExecutable } of change.modes) {
    const old = was.get(path);
    const stat = fs.lstat(`${root}/${path}`);
    if (!old || stat === undefined) continue;
    const oldMode = stat.mode & 0o777;
    const mode = withExecutable(oldMode, isExecutable);
    if (mode !== oldMode) steps.push({ do: "mode", path, was: old, mode, oldMode });
  }
  // Symlinks come last, so that whoever reads meanwhile finds what they mean.
  const places = [...tops].sort(([a, left], [b, right]) =>
    Number(left.kind === "link") - Number(right.kind === "link") || comparePaths(a, b)
  );
  for (const [path, top] of places) {
    steps.push({
      do: "place",
      path,
      ...top,
      was: removes.has(path) ? null : was.get(path) ?? null,
    });
  }
  return steps;
}

function findWas(stat: TreeStat | undefined): Was | null {
  if (stat === undefined || stat.kind === "other") return null;
  const { kind, size, mtimeMs, ctimeMs } = stat;
  return { kind, size, mtimeMs, ctimeMs };
}
