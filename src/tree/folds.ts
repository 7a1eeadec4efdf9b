import type { TreeFs } from "./fs.ts";

/**
 * Whether a file system takes names that differ in case for one: those of Windows and macOS mostly do,
 * and on Linux memory sticks, shares and folded directories. Only looks; nothing is made.
 *
 * @param dir Absolute path of a directory. One without a name to look for counts as what it is in.
 */
export function foldsNames(fs: Pick<TreeFs, "list" | "lstat">, dir: string): boolean {
  const names = fs.list(dir);
  const name = names.find((name) => typeof name === "string" && swapCase(name) !== name);
  if (typeof name === "string") {
    const swapped = swapCase(name);
    return !names.includes(swapped) && isSame(fs, [`${dir}/${name}`, `${dir}/${swapped}`]);
  }
  const slash = dir.lastIndexOf("/");
  const swapped = swapCase(dir.slice(slash));
  return swapped !== dir.slice(slash) && isSame(fs, [dir, dir.slice(0, slash) + swapped]);
}

function isSame(fs: Pick<TreeFs, "lstat">, [one, other]: readonly [string, string]): boolean {
  const there = fs.lstat(other);
  return there !== undefined && there.identity === fs.lstat(one)?.identity;
}

function swapCase(name: string): string {
  return name.replace(
    /[a-z]/gi,
    (letter) => letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
