import { posix, win32 } from "node:path";
import type { MountRoot } from "../workspace/types.ts";
import { mapWindowsPath } from "./mapping.ts";

/** What of the host is in the cage, as far as paths of a message are held against it. */
export type Roots = {
  platform: "linux" | "darwin" | "windows";
  /** Directories and files of the host with their place inside. */
  mounted: readonly (Pick<MountRoot, "source" | "target" | "readonly"> & {
    /** What an editor calls it, where that is not {@link target}. */
    outside?: string;
  })[];
  /** Canonical host paths the cage must not read. */
  hidden: readonly string[];
  /** Canonical host paths the cage must not write. */
  protected: readonly string[];
};

/** Sums up what a cage's mounts are; of each root what is hidden and protected in it. */
export function planRoots(
  roots: readonly MountRoot[],
  platform: Roots["platform"],
): Roots {
  return {
    platform,
    mounted: roots.map(({ source, target, readonly }) => ({ source, target, readonly })),
    hidden: roots.flatMap(({ matches }) => matches.hidden.map(({ path }) => path)),
    protected: roots.flatMap(({ matches, git }) => [
      ...matches.readonly.map(({ path }) => path),
      ...(git.kind === "none" ? [] : [...git.protect.map(({ path }) => path), ...git.absent]),
    ]),
  };
}

/**
 * What is wrong with a directory that a session is to be opened in; nothing when it is mounted. One
 * that leads to a mounted one by links of the host is not in the cage: the refusal names its end.
 *
 * @param directory As the agent would get it.
 * @param realPath Resolves every link of the part of a host path that exists.
 */
export function checkDirectory(
  directory: string,
  { roots, realPath }: { roots: Roots; realPath(path: string): string },
): string | undefined {
  const shown = JSON.stringify(directory);
  if (!isAbsoluteInside(directory)) {
    return `${shown} is relative; give the absolute path of a directory in the cage`;
  }
  const path = posix.normalize(directory);
  if (roots.mounted.some(({ target }) => isWithin(path, target, { platform: "linux" }))) {
    return undefined;
  }
  const end = findInside(path, { roots, realPath });
  if (end !== undefined) {
    return `${shown} leads to ${JSON.stringify(end)} by a link that is not in the cage. ` +
      `Open the editor in ${JSON.stringify(end)}`;
  }
  const mounted = roots.mounted.map(({ outside, target }) => outside ?? target).join(", ");
  return `${shown} is not in the cage, which has ${mounted}. Open the editor there, start ` +
    `sandcage with -p ${quote(directory)}, or add it in .sandcage.yml: ` +
    `workspace: { dirs: [${JSON.stringify(directory)}] }`;
}

/** Where in the cage a directory of the host is, with every link resolved. */
function findInside(
  path: string,
  { roots, realPath }: { roots: Roots; realPath(path: string): string },
): string | undefined {
  const isWindows = roots.platform === "windows";
  const real = realPath(isWindows ? mapWindowsPath(path, "outward") : path);
  const root = findRoot(real, roots);
  if (root === undefined) return undefined;
  const below = isWindows
    ? win32.relative(root.source, real).replaceAll("\\", "/")
    : posix.relative(root.source, real);
  return posix.join(root.target, below);
}

/** The nearest root that a canonical path of the host is in. */
function findRoot(real: string, roots: Roots): Roots["mounted"][number] | undefined {
  return roots.mounted.filter(({ source }) => isWithin(real, source, roots))
    .toSorted((one, other) => other.source.length - one.source.length)[0];
}

/**
 * What is wrong with a file of the host that the agent wants through its editor; nothing when it is
 * one the cage may read or write itself.
 *
 * @param realPath Resolves every link of the part of a path that exists, and each `..` behind them.
 */
export function checkFile(
  file: string,
  access: { kind: "read" | "write"; roots: Roots; realPath(path: string): string },
): string | undefined {
  const { kind, roots, realPath } = access;
  const shown = JSON.stringify(file);
  const paths = roots.platform === "windows" ? win32 : posix;
  if (!paths.isAbsolute(file)) return `${shown} is relative`;
  if (roots.platform === "windows" && !isPlainOnWindows(win32.normalize(file))) {
    return `${shown} has more than one name on Windows`;
  }
  // Some editors take `..` out of a path before they open it, others leave that to the system, which
  // goes through links first: neither may lead out.
  for (const path of new Set([paths.normalize(file), file])) {
    const problem = checkReal(realPath(path), { kind, roots });
    if (problem !== undefined) return `${shown} ${problem}`;
  }
  return undefined;
}

function checkReal(
  real: string,
  { kind, roots }: { kind: "read" | "write"; roots: Roots },
): string | undefined {
  const within = (path: string) => isWithin(real, path, roots);
  const root = findRoot(real, roots);
  if (root === undefined) return "is not in the workspace of the cage";
  if (roots.hidden.some(within)) return "is hidden from the cage";
  if (kind === "read") return undefined;
  return root.readonly || roots.protected.some(within) ? "is read-only in the cage" : undefined;
}

/**
 * Windows opens one file by many names: with a stream behind a colon, with dots or blanks at the end.
 *
 * @see {@link https://learn.microsoft.com/windows/win32/fileio/naming-a-file}
 */
function isPlainOnWindows(path: string): boolean {
  const names = path.slice(win32.parse(path).root.length).split("\\");
  return names.every((name) => !name.includes(":") && !/[. ]$/.test(name));
}

/** Whether a path is another or below it; on Windows by its rules. */
export function isWithin(
  path: string,
  parent: string,
  options: { platform: Roots["platform"] },
): boolean {
  if (options.platform === "windows") {
    const below = win32.relative(parent.toLowerCase(), path.toLowerCase());
    return below === "" || (!below.startsWith("..") && !win32.isAbsolute(below));
  }
  return path === parent || path.startsWith(parent.endsWith("/") ? parent : `${parent}/`);
}

function isAbsoluteInside(path: string): boolean {
  return path.startsWith("/") && !path.includes("\0");
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
