import { join } from "node:path";

/** What lies below a directory, without following a link. */
export type HostTree = ReadonlyMap<string, HostEntry>;

/** One entry; files with their text, links with where they lead. */
export type HostEntry =
  | { kind: "file"; text: string; mode: number; links: number }
  | { kind: "dir" }
  | { kind: "link"; target: string }
  | { kind: "other" };

/** Looks at a small tree; `.git` at its top is left out. */
export async function observeHostTree(root: string): Promise<HostTree> {
  const tree = new Map<string, HostEntry>();
  const walk = async (dir: string): Promise<void> => {
    for await (const { name } of Deno.readDir(join(root, dir))) {
      const path = dir === "" ? name : `${dir}/${name}`;
      if (path === ".git") continue;
      const entry = await observeEntry(join(root, path));
      tree.set(path, entry);
      if (entry.kind === "dir") await walk(path);
    }
  };
  await walk("");
  return tree;
}

async function observeEntry(path: string): Promise<HostEntry> {
  const { isDirectory, isFile, isSymlink, mode, nlink } = await Deno.lstat(path);
  if (isDirectory) return { kind: "dir" };
  if (isSymlink) return { kind: "link", target: await Deno.readLink(path) };
  if (!isFile) return { kind: "other" };
  return {
    kind: "file",
    text: await Deno.readTextFile(path),
    mode: (mode ?? 0) & 0o7777,
    links: nlink ?? 1,
  };
}

/** Text of a file in a tree; `undefined` where there is none. Pure. */
export function textOf(tree: HostTree, path: string): string | undefined {
  const entry = tree.get(path);
  return entry?.kind === "file" ? entry.text : undefined;
}
