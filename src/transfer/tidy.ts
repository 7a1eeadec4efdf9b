import { EXIT, UserError } from "../errors.ts";
import { isProblem } from "../tree/entry.ts";
import type { Courier } from "./types.ts";

/** Names of directories that tools fill by themselves, and fill again. */
export const CACHE_DIRS: readonly string[] = [
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  "__pycache__",
];

/** What can go, with what is below it. */
export type TidyFound = { path: string; files: number; bytes: number };

/**
 * Reads a path that is to be removed inside: a plain one below a directory of the cage. Pure.
 *
 * @throws {UserError} Of code `usage` for one that is empty, absolute or leads elsewhere, and for
 * wildcards: what they would stand for inside nobody has seen.
 */
export function parseTidyPath(word: string): string {
  const path = word.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
  const parts = path.split("/");
  const problem = word.trim() === "" || path === "" || path === "."
    ? "it is empty"
    : word.startsWith("/") || word.startsWith("\\") || /^[A-Za-z]:[\\/]/.test(word)
    ? "it is absolute"
    : /[*?[\]{}]/.test(word)
    ? "it has a wildcard"
    : parts.some((part) => part === "" || part === "." || part === "..")
    ? "it is no plain path"
    : parts.some((part) => part.toLowerCase() === ".git")
    ? "it is git's"
    : undefined;
  if (problem === undefined) return path;
  throw new UserError(`Cannot remove ${JSON.stringify(word)}: ${problem}`, {
    hint: "Give paths below the project as they are, for example: --paths build dist/tmp",
    exit: EXIT.usage,
    code: "usage",
  });
}

/**
 * Finds in one directory of a cage what can go: the named paths, else every directory that is a cache.
 * Symlinks are not followed; of what is in a cache only sums are told.
 */
export async function findTidy(
  courier: Pick<Courier, "scan">,
  root: string,
  options: { paths: readonly string[] },
): Promise<TidyFound[]> {
  const named = new Set(options.paths);
  const found = new Map<string, TidyFound>();
  for await (const items of courier.scan(root, [])) {
    for (const item of items) {
      const { path } = item;
      const top = findTop(path, found);
      if (top !== undefined) {
        if (isProblem(item) || item.kind === "dir") continue;
        top.files++;
        top.bytes += item.size;
      } else if (named.has(path) || (named.size === 0 && isCache(item))) {
        const size = isProblem(item) ? 0 : item.size;
        found.set(path, { path, files: size === 0 ? 0 : 1, bytes: size });
      }
    }
  }
  return [...found.values()];
}

function isCache(item: Parameters<typeof isProblem>[0]): boolean {
  if (isProblem(item) || item.kind !== "dir") return false;
  return CACHE_DIRS.includes(item.path.slice(item.path.lastIndexOf("/") + 1));
}

/** The path found before that a path is below of. */
function findTop(path: string, found: ReadonlyMap<string, TidyFound>): TidyFound | undefined {
  if (found.size === 0) return undefined;
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    const top = found.get(path.slice(0, end));
    if (top !== undefined) return top;
  }
  return undefined;
}
