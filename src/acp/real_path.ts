import { basename, dirname, isAbsolute, join } from "node:path";

/** Most links that are followed: what an operating system allows. */
const MOST_LINKS = 40;

/**
 * Resolves every link of a path, also where it leads to what does not exist yet: a file written
 * through a dangling link appears at the link's end. A `..` is taken as the system takes it: from
 * where the links before it lead.
 */
export function findRealPath(path: string): string {
  return follow(path, 0);
}

function follow(path: string, links: number): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if (!(error instanceof Deno.errors.NotFound) || parent === path) return path;
    const target = links < MOST_LINKS ? findLink(path) : undefined;
    // Put together as it stands: a `..` in it counts from where the links before it lead.
    const next = target === undefined || isAbsolute(target) ? target : `${parent}/${target}`;
    if (next !== undefined) return follow(next, links + 1);
    return join(follow(parent, links), basename(path));
  }
}

function findLink(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
