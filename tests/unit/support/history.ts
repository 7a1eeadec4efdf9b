import { join } from "node:path";
import { latin1 } from "../../../src/promote/bytes.ts";
import { createRandom, type Random } from "../../fuzz/random.ts";

/** Bytes as text, one in each character. */
type Raw = string;

/** One change of a commit, as `git fast-import` takes it. Paths and contents are bytes. */
export type HistoryChange =
  | { kind: "write"; mode: "100644" | "100755" | "120000"; path: Raw; content: Raw }
  | { kind: "gitlink"; path: Raw; id: string }
  | { kind: "delete"; path: Raw }
  | { kind: "rename"; from: Raw; to: Raw };

/** A commit of a history; marks are numbers from 1. */
export type HistoryCommit = {
  mark: number;
  parents: readonly number[];
  message: Raw;
  encoding?: string;
  author?: Raw;
  changes: readonly HistoryChange[];
};

/** When the first commit was made, in seconds; each later one a minute after. */
const BEGIN = 1_700_000_000;

const ZONES = ["+0000", "+0530", "-0330", "+1400", "-1200"];

/** The stream for `git fast-import` that makes the commits on one branch, its tip the last. */
export function formatHistory(commits: readonly HistoryCommit[], branch: string): Uint8Array {
  let text = "feature done\n";
  const last = commits.at(-1)!.mark;
  for (
    const { mark, parents, message, encoding, author = "Ghost <ghost@example.org>", changes }
      of commits
  ) {
    const when = `${BEGIN + mark * 60} ${ZONES[mark % ZONES.length]}`;
    // A ref for each, so that side branches may begin anywhere.
    text += `reset refs/history/at\ncommit ${
      mark === last ? `refs/heads/${branch}` : "refs/history/at"
    }\n`;
    text += `mark :${mark}\nauthor ${author} ${when}\ncommitter ${author} ${when}\n`;
    if (encoding !== undefined) text += `encoding ${encoding}\n`;
    text += `data ${message.length}\n${message}\n`;
    for (const [index, parent] of parents.entries()) {
      text += `${index === 0 ? "from" : "merge"} :${parent}\n`;
    }
    for (const change of changes) text += formatChange(change);
    text += "\n";
  }
  return Uint8Array.from(text + "done\n", (char) => char.charCodeAt(0));
}

function formatChange(change: HistoryChange): string {
  switch (change.kind) {
    case "write":
      return `M ${change.mode} inline ${quote(change.path)}\n` +
        `data ${change.content.length}\n${change.content}\n`;
    case "gitlink":
      return `M 160000 ${change.id} ${quote(change.path)}\n`;
    case "delete":
      return `D ${quote(change.path)}\n`;
    case "rename":
      return `R ${quote(change.from)} ${quote(change.to)}\n`;
  }
}

function quote(path: Raw): string {
  const escape = (char: string) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`;
  return `"${path.replace(/[^!#-[\]-~]/g, escape)}"`;
}

/** How large a history is to be. */
export type HistorySize = { files: number; commits: number; merges: number; seed: number };

/** Commits on each side branch. */
const SIDE_COMMITS = 2;

/** The files that the snapshot begins with. */
export function planBase({ files, seed }: Pick<HistorySize, "files" | "seed">): HistoryChange[] {
  const random = createRandom(seed);
  return Array.from({ length: files }, (_, index): HistoryChange => ({
    kind: "write",
    mode: index % 50 === 0 ? "100755" : "100644",
    path: basePath(index),
    content: sourceText(random, 20 + random.integer(60)),
  }));
}

function basePath(index: number): string {
  return `src/part${index % 40}/unit${index % 8}/module${index}.ts`;
}

function sourceText(random: Random, lines: number): string {
  let text = "";
  for (let line = 0; line < lines; line++) {
    text += `export const value${line} = ${random.integer(1e9)};\n`;
  }
  return text;
}

/**
 * A snapshot with mark 1 and commits on top of it: texts, binaries, line ends, renames, modes, links,
 * odd names and messages, merges of side branches, one of them with content of its own.
 */
export function planHistory(size: HistorySize): HistoryCommit[] {
  const random = createRandom(size.seed + 1);
  const commits: HistoryCommit[] = [
    { mark: 1, parents: [], message: "Initial commit\n", changes: planBase(size) },
  ];
  const side = size.merges * SIDE_COMMITS;
  const main = size.commits - side;
  const every = Math.floor(main / Math.max(1, size.merges));
  const extra: string[] = [];
  let tip = 1;
  let mark = 1;
  for (let index = 0; index < main; index++) {
    if (size.merges > 0 && index % every === every - 1 && index / every < size.merges) {
      const fork = Math.max(1, tip - 3);
      const begun = commits.find((commit) => commit.mark === fork)!;
      const files: HistoryChange[] = [];
      let at = begun.mark;
      for (let step = 0; step < SIDE_COMMITS; step++) {
        const file: HistoryChange = {
          kind: "write",
          mode: "100644",
          path: `side/branch${index}/file${step}.txt`,
          content: sourceText(random, 10),
        };
        files.push(file);
        commits.push({
          mark: ++mark,
          parents: [at],
          message: `side ${index} ${step}\n`,
          changes: [file],
        });
        at = mark;
      }
      if (index % 2 === 0) {
        const path = `side/merged${index}.txt`;
        files.push({ kind: "write", mode: "100644", path, content: "only in the merge\n" });
      }
      const message = `Merge branch 'side${index}'\n`;
      commits.push({ mark: ++mark, parents: [tip, at], message, changes: files });
    } else {
      const { message, encoding } = planMessage(index);
      const changes = planChanges(index, { random, size, extra });
      commits.push({
        mark: ++mark,
        parents: [tip],
        message,
        ...(encoding === undefined ? {} : { encoding }),
        changes,
      });
    }
    tip = mark;
  }
  return commits;
}

function planMessage(index: number): { message: Raw; encoding?: string } {
  switch (index % 24) {
    case 3:
      return { message: "" };
    case 5:
      return { message: "R\xe9sum\xe9 in latin-1\n", encoding: "ISO-8859-1" };
    case 7:
      return { message: `[PATCH 3/7] bracket ${index}\n\nSigned-off-by: A <a@b>\n` };
    case 9:
      return { message: `parts ${index}\n\n---\n a | 2 +-\n` };
    case 11:
      return {
        message: `body ${index}\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n`,
      };
    case 13:
      return { message: `no newline ${index}` };
    case 15:
      return { message: `author X <y@z> 1 +0000\ncommitter X <y@z> 1 +0000\n\ngpgsig no\n` };
    case 17:
      return { message: `control \x01\x02\x7f\x1b[31m ${index}\n\n\n\n` };
    default:
      return { message: `change ${index}\n\nWhy it is so.\n` };
  }
}

function planChanges(
  index: number,
  { random, size, extra }: { random: Random; size: HistorySize; extra: string[] },
): HistoryChange[] {
  const write = (path: Raw, content: Raw, mode: "100644" | "100755" | "120000" = "100644") =>
    ({ kind: "write", mode, path, content }) satisfies HistoryChange;
  switch (index % 16) {
    case 1:
      return [write(`bin/blob${index}`, latin1(random.bytes(2000)))];
    case 2:
      return [write(`text/crlf${index}.txt`, "one\r\ntwo\r\nthree\r\n")];
    case 3:
      return [];
    case 4: {
      const path = `moved/from${index}.txt`;
      extra.push(path);
      return [write(path, sourceText(random, 12))];
    }
    case 5: {
      const from = extra.pop();
      return from === undefined ? [] : [{ kind: "rename", from, to: `moved/to${index}.txt` }];
    }
    case 6:
      return [write(`tools/run${index}.sh`, "#!/bin/sh\necho\n", "100755")];
    case 7:
      return [write(`tools/run${index - 1}.sh`, "#!/bin/sh\necho\n")];
    case 8:
      return [write(`links/to${index}`, `../src/part${index % 40}`, "120000")];
    case 9:
      return [write(`odd/\xff\xfe-${index}.txt`, "a name that is no UTF-8\n")];
    case 10:
      return [{
        kind: "gitlink",
        path: `vendor/module${index}`,
        id: index.toString(16).padStart(40, "a"),
      }];
    case 11:
      return [write(
        `large/asset${index}.bin`,
        `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`,
      )];
    case 12:
      return [write(`text/mixed${index}.txt`, "one\r\ntwo\nthree\r\n"), write(`empty${index}`, "")];
    case 13:
      return [write(`author${index}.txt`, "author X <y> z\ncommitter X <y> z\0data 5\n")];
    case 14: {
      const path = `text/crlf${index - 12}.txt`;
      return [{ kind: "delete", path }];
    }
    default: {
      const count = 1 + random.integer(4);
      return Array.from({ length: count }, () => {
        const file = random.integer(size.files);
        return write(basePath(file), sourceText(random, 20 + random.integer(60)));
      });
    }
  }
}

/** Runs git for a test, in a repository of the test's own. */
export async function gitIn(
  dir: string,
  args: readonly string[],
  options: { stdin?: Uint8Array; env?: Record<string, string>; fails?: "may fail" } = {},
): Promise<string> {
  const child = new Deno.Command("git", {
    args: ["-c", "core.fsync=none", "-c", "gc.auto=0", "-c", "init.defaultBranch=main", ...args],
    cwd: dir,
    env: { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const feeding = (async () => {
    if (options.stdin !== undefined) await writer.write(options.stdin);
    await writer.close();
  })().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await feeding;
  if (code !== 0 && options.fails === undefined) {
    throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
  // Bytes, one in each character: names and messages need not be UTF-8.
  return latin1(stdout);
}

/** Makes a repository without a working tree of the commits; tells each commit's id by its mark. */
export async function makeRepository(
  dir: string,
  commits: readonly HistoryCommit[],
  options: { branch?: string } = {},
): Promise<Map<number, string>> {
  await Deno.mkdir(dir, { recursive: true });
  await gitIn(dir, ["init", "-q", "."]);
  const marks = join(dir, ".git", "marks");
  const stdin = formatHistory(commits, options.branch ?? "main");
  await gitIn(dir, ["fast-import", "--quiet", "--done", `--export-marks=${marks}`], { stdin });
  await gitIn(dir, ["update-ref", "-d", "refs/history/at"]);
  const lines = (await Deno.readTextFile(marks)).trim().split("\n");
  return new Map(lines.map((line) => {
    const [mark, id] = line.split(" ");
    return [Number(mark!.slice(1)), id!] as const;
  }));
}
