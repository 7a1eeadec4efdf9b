import { join } from "node:path";
import { latin1 } from "../../promote/bytes.ts";
import type { Git } from "../../promote/git.ts";
import { ask, ENVIRONMENT_FILE } from "./place.ts";

/** One commit by all that crossing must not change, and by whose it is. */
export type CrossedCommit = {
  message: string;
  /** Places of its parents in the list; -1 for what was there before. */
  parents: readonly number[];
  /** What follows the mail of author and committer. */
  dates: readonly string[];
  /** Other headers. */
  others: readonly string[];
  people: readonly string[];
};

/** Commits of one side, oldest first, and the files that they make. */
export type CrossedSide = {
  commits: readonly CrossedCommit[];
  /** What each changes: modes, ids and paths. */
  changes: string;
  /** All files of the last one. */
  files: string;
};

/** Everything of the user's that commits must leave alone, as text to compare. */
export async function photograph(git: Git, dirs: readonly string[]): Promise<string> {
  const trees = await Promise.all(dirs.map((dir) => listTree(dir)));
  const index = await ask(git, ["ls-files", "--stage"]);
  const head = await ask(git, ["symbolic-ref", "HEAD"]);
  const branches = await ask(git, [
    "for-each-ref",
    "--format=%(refname) %(objectname)",
    "refs/heads",
  ]);
  return [...trees.flat(), index, head, branches].join("\n");
}

async function listTree(root: string, dir = ""): Promise<string[]> {
  const rows: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(join(root, dir)));
  for (const { name } of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(dir, name);
    if (path === ".git") continue;
    rows.push(await formatEntry(root, path));
    if ((await Deno.lstat(join(root, path))).isDirectory) rows.push(...await listTree(root, path));
  }
  return rows;
}

async function formatEntry(root: string, path: string): Promise<string> {
  const full = join(root, path);
  const { isFile, isSymlink, isDirectory, mode } = await Deno.lstat(full);
  const named = `${JSON.stringify(path)} ${mode?.toString(8)}`;
  if (isSymlink) return `${named} ${await Deno.readLink(full)}`;
  if (isDirectory) return named;
  if (!isFile) return `${named} special`;
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(full));
  return `${named} ${new Uint8Array(digest).toHex()}`;
}

/** Reads commits of the user's repository: those that a tip has and another commit has not. */
export async function readSide(
  git: Git,
  range: { from: string; tip: string },
): Promise<CrossedSide> {
  const { from, tip } = range;
  const listed = await ask(git, ["rev-list", "--topo-order", "--reverse", tip, `^${from}`]);
  const ids = listed.split("\n").filter((id) => id !== "");
  const what = "Cannot read the commits to compare";
  const commits: CrossedCommit[] = [];
  for (const id of ids) {
    const text = latin1(await git.read(["cat-file", "commit", id], { what }));
    commits.push(parseCrossed(text, ids));
  }
  const args = ["diff-tree", "--stdin", "-r", "-m", "--raw", "--no-renames", "--no-commit-id"];
  const changes = latin1(
    await git.read(args, { what, stdin: new TextEncoder().encode(`${ids.join("\n")}\n`) }),
  );
  const files = (await ask(git, ["ls-tree", "-r", tip])).split("\n")
    .filter((row) => !row.endsWith(`\t${ENVIRONMENT_FILE}`)).join("\n");
  return { commits, changes, files };
}

function parseCrossed(text: string, ids: readonly string[]): CrossedCommit {
  const end = text.indexOf("\n\n");
  const lines = (end < 0 ? text : text.slice(0, end)).split("\n");
  const people = lines.filter((line) => /^(author|committer) /.test(line));
  return {
    message: end < 0 ? "" : text.slice(end + 2),
    parents: lines.filter((line) => line.startsWith("parent "))
      .map((line) => ids.indexOf(line.slice("parent ".length))),
    dates: people.map((line) => line.slice(line.lastIndexOf(">") + 1)),
    others: lines.filter((line) => !/^(tree|parent|author|committer) /.test(line)),
    people: people.map((line) => line.slice(0, line.lastIndexOf(">") + 1)),
  };
}
