/** Symlinks that are followed before a way counts as endless, as in Linux. */
const MAX_FOLLOWED = 40;

/**
 * Whether following a symlink stays below the root, through other symlinks too. What leads nowhere,
 * or round in a circle, stays.
 *
 * @param options.targetOf The target of the symlink at a path; `undefined` where there is none.
 */
export function isFollowedInside(
  path: string,
  target: string,
  options: { targetOf(path: string): string | undefined },
): boolean {
  const stack = path.split("/").slice(0, -1);
  let rest = target.split("/");
  for (let followed = 0; rest.length > 0;) {
    const [part = "", ...others] = rest;
    rest = others;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (stack.pop() === undefined) return false;
      continue;
    }
    const next = options.targetOf([...stack, part].join("/"));
    if (next === undefined) {
      stack.push(part);
      continue;
    }
    if (next.startsWith("/")) return false;
    if (++followed > MAX_FOLLOWED) return true;
    rest = [...next.split("/"), ...rest];
  }
  return true;
}
