import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { insidePath } from "./inside_path.ts";
import type {
  CageMount,
  GitFacts,
  MaskedPath,
  MountPlan,
  MountRoot,
  WatchedMask,
  WorkspaceFacts,
} from "./types.ts";

/** Permission bits of an empty directory that stands for a hidden one. */
const EMPTY_MODE = 0o555;

/**
 * Plans every mount of the workspace. Only existing paths are mounted: the engine would create a
 * missing one on the host. A mask covers its path in every root that shows it. Pure.
 *
 * @throws {UserError} `config-invalid` for two mounts at one place or a mount at a missing place,
 * `mask-refused` for a mount of something hidden.
 */
export function planMounts(facts: WorkspaceFacts): MountPlan {
  const draft: Draft = { facts, mounts: new Map(), watched: [], warnings: [] };
  for (const root of facts.roots) addRoot(root, draft);
  for (const root of facts.roots) addGit(root.git, draft);
  for (const root of facts.roots) {
    for (const mask of root.matches.readonly) addReadonly({ ...mask, kind: "readonly" }, draft);
    draft.warnings.push(...root.matches.warnings);
  }
  // Last: hiding wins over everything at the same place.
  for (const root of facts.roots) {
    for (const mask of root.matches.hidden) addHidden({ ...mask, kind: "hidden" }, draft);
  }
  return {
    mounts: [...draft.mounts.values()].sort(byDepth),
    watched: draft.watched,
    warnings: [...new Set(draft.warnings)],
    insidePath: facts.roots[0]?.target ?? "/",
  };
}

type Draft = {
  facts: WorkspaceFacts;
  /** By target. */
  mounts: Map<string, CageMount>;
  watched: WatchedMask[];
  warnings: string[];
};

function addRoot(root: MountRoot, draft: Draft): void {
  const taken = draft.mounts.get(root.target);
  if (taken !== undefined) {
    if (taken.type === "bind" && taken.source === root.source) return;
    throw refuse(`Cannot mount two things at ${formatPath(root.target)}`, "Change one target");
  }
  const kind = draft.facts.innerTargets[root.target];
  const wanted = root.directory ? "directory" : "file";
  if (kind !== undefined && kind !== wanted) {
    throw refuse(
      `Cannot mount ${formatPath(root.source)} at ${formatPath(root.target)}: ` +
        `there is no ${wanted} to mount on, and it lies in another mounted directory`,
      `Create an empty ${wanted} there, or choose a target outside of it`,
    );
  }
  draft.mounts.set(root.target, {
    type: "bind",
    source: root.source,
    target: root.target,
    readonly: root.readonly,
  });
}

function addGit(git: GitFacts, draft: Draft): void {
  if (git.kind === "none") {
    if (git.note !== undefined) {
      draft.warnings.push(`git does not work in the cage: ${git.note}`);
    }
    return;
  }
  switch (draft.facts.gitMode) {
    case "none":
      for (const mask of git.pointer ? [git.pointer] : git.dirs) {
        addHidden({ ...mask, kind: "git" }, draft);
      }
      return;
    case "readonly":
      if (git.pointer) addReadonly({ ...git.pointer, kind: "git" }, draft);
      for (const dir of git.dirs) addReadonly({ ...dir, kind: "git", outside: true }, draft);
      return;
    case "protected":
      if (git.pointer) addReadonly({ ...git.pointer, kind: "git" }, draft);
      // Onto itself: a mount point cannot be renamed or removed from inside.
      for (const dir of git.dirs) addWritable({ ...dir, kind: "git" }, draft);
      for (const path of git.protect) addReadonly({ ...path, kind: "git" }, draft);
      for (const path of git.absent) {
        for (const { target } of listViews(path, draft)) {
          draft.watched.push({ path, target, kind: "git", state: "absent" });
        }
      }
      draft.warnings.push(...git.warnings);
  }
}

type Mask = MaskedPath & {
  kind: WatchedMask["kind"];
  /** Mounted at its own path when no root shows it: a git directory elsewhere. */
  outside?: boolean;
};

function addWritable(mask: Mask, draft: Draft): void {
  const views = listViews(mask.path, draft, { self: true });
  if (views.length === 0) views.push(ownView(mask, draft));
  for (const { target, readonly } of views) {
    if (readonly || draft.mounts.has(target)) continue;
    draft.mounts.set(target, { type: "bind", source: mask.path, target, readonly: false });
    draft.watched.push(toWatched(mask, target));
  }
}

function addReadonly(mask: Mask, draft: Draft): void {
  const views = listViews(mask.path, draft, { self: true });
  if (views.length === 0 && mask.outside === true) views.push(ownView(mask, draft));
  for (const { target, readonly } of views) {
    if (readonly) continue;
    draft.mounts.set(target, { type: "bind", source: mask.path, target, readonly: true });
    draft.watched.push(toWatched(mask, target));
  }
}

function addHidden(mask: Mask, draft: Draft): void {
  const shown = draft.facts.roots.find((root) => root.source === mask.path);
  if (shown !== undefined) {
    throw new UserError(`Cannot mount ${formatPath(mask.path)}: a pattern hides it`, {
      hint: `Remove it from ${shown.origin}, or exclude it from workspace.hide with a leading !`,
      exit: EXIT.config,
      code: "mask-refused",
    });
  }
  for (const { target } of listViews(mask.path, draft)) {
    draft.mounts.set(
      target,
      mask.directory
        ? { type: "tmpfs", target, readonly: true, mode: EMPTY_MODE }
        : { type: "bind", source: draft.facts.emptyFile, target, readonly: true },
    );
    draft.watched.push(toWatched(mask, target));
  }
}

function toWatched(mask: Mask, target: string): WatchedMask {
  const { path, kind, identity } = mask;
  return { path, target, kind, state: "mounted", identity };
}

function ownView(mask: Mask, draft: Draft): View {
  return { target: insidePath(mask.path, draft.facts.platform), readonly: false };
}

type View = { target: string; readonly: boolean };

/**
 * Every place inside where a host path shows: below each mounted root that holds it, and below each
 * git directory mounted from outside of all roots.
 */
function listViews(path: string, draft: Draft, options: { self?: boolean } = {}): View[] {
  const separator = draft.facts.platform === "windows" ? "\\" : "/";
  const gitDirs = draft.facts.gitMode === "none"
    ? []
    : draft.facts.roots.flatMap((root) => root.git.kind === "none" ? [] : root.git.dirs)
      .map((dir) => draft.mounts.get(insidePath(dir.path, draft.facts.platform)))
      .filter((mount) => mount?.type === "bind")
      .map((mount) => ({ source: mount.source, target: mount.target, readonly: mount.readonly }));
  const views = new Map<string, View>();
  for (const root of [...draft.facts.roots, ...gitDirs]) {
    const isSelf = root.source === path;
    if (!isSelf && !path.startsWith(root.source + separator)) continue;
    if (isSelf && options.self !== true) continue;
    const rest = path.slice(root.source.length).replaceAll(separator, "/");
    views.set(root.target + rest, { target: root.target + rest, readonly: root.readonly });
  }
  return [...views.values()];
}

function byDepth(a: CageMount, b: CageMount): number {
  const depth = (mount: CageMount) => mount.target.split("/").length;
  return depth(a) - depth(b) || (a.target < b.target ? -1 : 1);
}

function refuse(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.config, code: "config-invalid" });
}
