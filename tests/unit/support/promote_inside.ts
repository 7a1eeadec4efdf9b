import { join } from "node:path";
import { fromLatin1 } from "../../../src/promote/bytes.ts";
import { type RawId, rawId } from "../../../src/promote/tree.ts";
import { gitIn, type HistoryChange, type HistoryCommit } from "./history.ts";
import { addRawCommit, type Scene } from "./promote_scene.ts";

/** A file of a commit. */
export const write = (path: string, content: string): HistoryChange => ({
  kind: "write",
  mode: "100644",
  path,
  content,
});

/** Three commits: the snapshot with mark 1, and two on top. */
export const LINE: readonly HistoryCommit[] = [1, 2, 3].map((mark) => ({
  mark,
  parents: mark === 1 ? [] : [mark - 1],
  message: `commit ${mark}\n`,
  changes: [write("file", `${mark}\n`)],
}));

/** Every file below a directory. */
export async function eachFile(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) files.push(...await eachFile(path));
    else files.push(path);
  }
  return files.sort();
}

/** What a fetch could leave in the user's repository. */
export async function leftovers(scene: Scene): Promise<string[]> {
  const files = (await eachFile(join(scene.outer, ".git"))).map((path) =>
    path.slice(scene.outer.length)
  );
  return files.filter((path) => /FETCH_HEAD|tmp_|shallow|sandcage-|\.keep|\.lock/.test(path));
}

/** All of the user's repository: its files, and every byte of the working tree and the index. */
export async function photograph(scene: Scene): Promise<string> {
  const files = await eachFile(scene.outer);
  const sizes = await Promise.all(
    files.map(async (path) => `${path} ${(await Deno.stat(path)).size}`),
  );
  return [...sizes, await gitIn(scene.outer, ["for-each-ref"])].join("\n");
}

/** Commits a tree of any bytes. */
export async function commitTree(scene: Scene, tree: string): Promise<void> {
  const args = ["hash-object", "-t", "tree", "-w", "--stdin", "--literally"];
  const id = (await gitIn(scene.inner, args, { stdin: fromLatin1(tree) })).trim();
  const person = "G <g@x> 1700000000 +0000";
  await addRawCommit(
    scene,
    `tree ${id}\nparent ${scene.marks.get(3)}\nauthor ${person}\ncommitter ${person}\n\nx\n`,
  );
}

/** Makes a file inside and tells its id. */
export async function makeBlob(scene: Scene, content: string): Promise<RawId> {
  const stdin = fromLatin1(content);
  return rawId((await gitIn(scene.inner, ["hash-object", "-w", "--stdin"], { stdin })).trim());
}
