import { join, relative, sep } from "node:path";
import ignore from "ignore";
import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { isInside, isSameOrInside } from "../project/refused.ts";
import { findIdentity, type Identified } from "./file_identity.ts";
import type { Matches, PatternMatch } from "./types.ts";

/** gitignore patterns of what is hidden and what is read-only. */
export type MaskPatterns = { hide: readonly string[]; readonly: readonly string[] };

/** What a directory holds; injected so that tests can make one unreadable. */
export type ListDirectory = (path: string) => Iterable<{
  name: string;
  isDirectory: boolean;
  isSymlink: boolean;
}>;

/** A mask is a mount; beyond this many a container takes seconds to start. */
const MAX_MASKS = 1000;

/**
 * Finds what the patterns select below `root`, with the semantics of a `.gitignore` there: negation,
 * anchoring, `**`; case counts. `.git` is never selected: `workspace.git` decides about it.
 *
 * A hidden directory is not entered; a read-only one is, for what is hidden in it. Symlinked
 * directories are not followed. A symlink that is selected selects what it leads to; one that leads
 * out of `visible` selects nothing, because it dangles inside.
 *
 * @param root Canonical absolute path.
 * @throws {UserError} `mask-refused` when a directory cannot be read, when a path is selected by
 * both lists, or when a link would select the root itself.
 */
export async function observeMatches(
  root: string,
  patterns: MaskPatterns,
  options: { visible?: readonly string[]; list?: ListDirectory } = {},
): Promise<Matches> {
  const hide = compile(patterns.hide);
  const readonly = compile(patterns.readonly);
  if (hide === undefined && readonly === undefined) {
    return { hidden: [], readonly: [], warnings: [] };
  }
  refuseNested(patterns.readonly, hide);
  const paths = [...patterns.hide, ...patterns.readonly];
  const found = paths.every(isPlainPath)
    ? await look(root, paths, { hide, readonly })
    : walk(root, { hide, readonly, list: options.list ?? listDirectory });
  const selected = new Map<string, Selected>();
  for (const match of found) {
    const path = match.symlink
      ? await resolveLink(match.path, [root, ...options.visible ?? []])
      : match.path;
    if (path === undefined) continue;
    if (isSameOrInside(root, path)) throw selectsRoot(match, path);
    const link = match.symlink ? match.path : undefined;
    const known = selected.get(path) ?? { link };
    const next = {
      hide: known.hide ?? match.hide,
      readonly: known.readonly ?? match.readonly,
      // Selected by itself as well, it needs none.
      link: link === undefined ? undefined : known.link,
    };
    if (next.hide !== undefined && next.readonly !== undefined) {
      throw selectedTwice(path, { hide: next.hide, readonly: next.readonly });
    }
    selected.set(path, next);
  }
  return await toMatches(selected);
}

type Selected = {
  hide?: string | undefined;
  readonly?: string | undefined;
  /** One that leads here, when only links are selected. */
  link?: string | undefined;
};

type Found = Omit<Selected, "link"> & { path: string; symlink: boolean };

/** Answers the pattern that selects a path relative to the root, `/`-ended for a directory. */
type Matcher = (path: string) => string | undefined;

function compile(patterns: readonly string[]): Matcher | undefined {
  if (patterns.length === 0) return undefined;
  // Case counts, as in git on the file systems of a container; the package's default is not that.
  const rules = ignore({ ignorecase: false }).add([...patterns]);
  return (path) => {
    const result = rules.test(path);
    return result.ignored ? result.rule?.pattern ?? "" : undefined;
  };
}

/** Asks whether a pattern can select one path only: anchored, and without wildcards. */
function isPlainPath(pattern: string): boolean {
  return !/[*?[\]\\!#]/.test(pattern) && /.*\/./.test(pattern) && pattern.trim() === pattern &&
    !pattern.split("/").some((part) => part === "." || part === ".." || part === ".git");
}

/** What plain paths select, without a walk: most trees are large and most patterns simple. */
async function look(
  root: string,
  paths: readonly string[],
  rules: { hide: Matcher | undefined; readonly: Matcher | undefined },
): Promise<Found[]> {
  const found: Found[] = [];
  for (const pattern of new Set(paths)) {
    const parts = pattern.split("/").filter((part) => part !== "");
    let path = root;
    let stat: Identified | undefined;
    for (const [at, part] of parts.entries()) {
      path = join(path, part);
      stat = await findIdentity(path);
      if (stat === undefined || (at < parts.length - 1 && !stat.directory)) break;
      if (at < parts.length - 1) continue;
      const name = `${parts.join("/")}${stat.directory ? "/" : ""}`;
      const selected = { hide: rules.hide?.(name), readonly: rules.readonly?.(name) };
      if (selected.hide === undefined && selected.readonly === undefined) break;
      found.push({ path, symlink: stat.symlink, ...selected });
    }
  }
  return found;
}

function walk(
  root: string,
  rules: { hide: Matcher | undefined; readonly: Matcher | undefined; list: ListDirectory },
): Found[] {
  const found: Found[] = [];
  // A read-only directory is one mount: below it only `hide` can still select.
  const queue = [{ path: root, at: "", isReadonly: false }];
  for (let dir = queue.pop(); dir !== undefined; dir = queue.pop()) {
    for (const entry of readEntries(dir.path, rules.list)) {
      if (entry.name === ".git") continue;
      const path = join(dir.path, entry.name);
      const isDirectory = entry.isDirectory;
      const at = `${dir.at}${entry.name}${isDirectory ? "/" : ""}`;
      const hide = rules.hide?.(at);
      const readonly = dir.isReadonly ? undefined : rules.readonly?.(at);
      if (hide !== undefined || readonly !== undefined) {
        found.push({ path, symlink: entry.isSymlink, hide, readonly });
      }
      if (isDirectory && hide === undefined) {
        const isReadonly = dir.isReadonly || readonly !== undefined;
        if (!isReadonly || rules.hide !== undefined) queue.push({ path, at, isReadonly });
      }
    }
  }
  return found;
}

function readEntries(path: string, list: ListDirectory): ReturnType<ListDirectory> {
  try {
    return list(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    // What cannot be read cannot be checked, and the agent may be able to read it.
    throw new UserError(`Cannot look for hidden and read-only paths in ${formatPath(path)}`, {
      hint: "Make the directory readable for your user, or hide it as a whole",
      exit: EXIT.config,
      code: "mask-refused",
      cause,
    });
  }
}

function listDirectory(path: string): ReturnType<ListDirectory> {
  return Deno.readDirSync(path);
}

async function resolveLink(
  path: string,
  visible: readonly string[],
): Promise<string | undefined> {
  try {
    const real = await Deno.realPath(path);
    return visible.some((root) => isSameOrInside(real, root) || isInside(root, real))
      ? real
      : undefined;
  } catch {
    // Dangling or looping: it shows nothing, neither here nor inside.
    return undefined;
  }
}

async function toMatches(selected: ReadonlyMap<string, Selected>): Promise<Matches> {
  const hidden: PatternMatch[] = [];
  const readonly: PatternMatch[] = [];
  const warnings: string[] = [];
  if (selected.size > MAX_MASKS) throw tooMany(selected.size);
  for (const [path, by] of selected) {
    // Selected by itself or by a link, but inside something hidden.
    if (hasHiddenParent(path, selected)) continue;
    const stat = await findIdentity(path);
    if (stat === undefined) continue;
    const { directory, identity } = stat;
    const mask = { path, directory, identity, ...(by.link === undefined ? {} : { link: by.link }) };
    if (by.hide !== undefined) {
      hidden.push({ ...mask, pattern: by.hide });
      if (!directory && stat.links > 1) {
        warnings.push(
          `${formatPath(path)} is hidden, but has ${stat.links - 1} more name(s) (hard links) ` +
            "under which it may be readable",
        );
      }
    } else if (by.readonly !== undefined) {
      readonly.push({ ...mask, pattern: by.readonly });
    }
  }
  const byPath = (a: PatternMatch, b: PatternMatch) => a.path < b.path ? -1 : 1;
  return { hidden: hidden.sort(byPath), readonly: readonly.sort(byPath), warnings };
}

function hasHiddenParent(path: string, selected: ReadonlyMap<string, Selected>): boolean {
  for (let at = path.lastIndexOf(sep); at > 0; at = path.lastIndexOf(sep, at - 1)) {
    if (selected.get(path.slice(0, at))?.hide !== undefined) return true;
  }
  return false;
}

/** A read-only path without wildcards inside a hidden directory would never be met by the walk. */
function refuseNested(readonly: readonly string[], hide: Matcher | undefined): void {
  for (const pattern of readonly) {
    const path = pattern.replace(/^\//, "").replace(/\/$/, "");
    if (hide === undefined || path === "" || /[*?[\]\\!#]/.test(pattern)) continue;
    const by = hide(path) ?? hide(`${path}/`);
    if (by !== undefined && pattern.includes("/")) {
      throw selectedTwice(path, { hide: by, readonly: pattern });
    }
  }
}

function selectedTwice(path: string, by: { hide: string; readonly: string }): UserError {
  return new UserError(
    `Cannot both hide and show read-only ${formatPath(path)}: workspace.hide has ` +
      `${JSON.stringify(by.hide)}, workspace.readonly has ${JSON.stringify(by.readonly)}`,
    {
      hint: "Remove one of the two patterns, or exclude the path from one with a leading !",
      exit: EXIT.config,
      code: "mask-refused",
    },
  );
}

function selectsRoot(match: Found, path: string): UserError {
  const pattern = match.hide ?? match.readonly ?? "";
  return new UserError(
    `Cannot apply the pattern ${JSON.stringify(pattern)}: it selects ` +
      `${formatPath(match.path)}, a link to ${formatPath(path)}, which holds the project`,
    {
      hint: "Exclude the link from the pattern with a leading !",
      exit: EXIT.config,
      code: "mask-refused",
    },
  );
}

function tooMany(count: number): UserError {
  return new UserError(
    `Cannot mask ${count} paths: workspace.hide and workspace.readonly may select ${MAX_MASKS}`,
    {
      hint: "Select directories instead of the files in them",
      exit: EXIT.config,
      code: "mask-refused",
    },
  );
}

/** Formats a host path relative to a root with `/`, as patterns spell it. */
export function formatRelative(root: string, path: string): string {
  return relative(root, path).replaceAll(sep, "/");
}
