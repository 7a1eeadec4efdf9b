import { createHash } from "node:crypto";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import type { Courier } from "../../../src/transfer/types.ts";
import { isExecutable } from "../../../src/tree/entry.ts";
import { recoverStage } from "../../../src/tree/recover.ts";
import { removeTree } from "../../../src/tree/remove_tree.ts";
import { scanKnownTree, scanTree } from "../../../src/tree/scan.ts";
import { type CommitResult, type FileSink, openStage } from "../../../src/tree/stage.ts";
import { packEntries } from "../../../src/tree/tar_pack.ts";
import { createTarReader } from "../../../src/tree/tar_read.ts";

/** What a courier does of its work, on a directory of this machine instead of a volume. */
export type LocalCourier =
  & Pick<Courier, "scan" | "scanKnown" | "hash" | "read" | "fill" | "change" | "remove">
  & {
    /** Paths of every call of `read`. */
    asked: string[][];
    /** Paths that came by `fill`. */
    filled: string[];
  };

/** Serves the roots below a directory. */
export function createLocalCourier(work: string): LocalCourier {
  const fs = denoFs();
  const asked: string[][] = [];
  const filled: string[] = [];
  return {
    asked,
    filled,
    async *scan(root, rules, options) {
      const startMs = Date.now();
      if (fs.lstat(`${work}/${root}`) !== undefined) {
        yield await Promise.resolve([...scanTree(`${work}/${root}`, { fs, rules })]);
      }
      options?.onClock?.(startMs);
    },
    async *scanKnown(root, rules, options) {
      const startMs = Date.now();
      const known = new Map(options.known);
      if (fs.lstat(`${work}/${root}`) !== undefined) {
        yield await Promise.resolve([...scanKnownTree(`${work}/${root}`, { fs, rules, known })]);
      }
      options.onClock?.(startMs);
    },
    hash: (root, paths) =>
      Promise.resolve(
        new Map(paths.map((path) => {
          const bytes = Deno.readFileSync(`${work}/${root}/${path}`);
          return [path, createHash("sha256").update(bytes).digest("hex")];
        })),
      ),
    async *read(root, paths, { onProblem } = {}) {
      asked.push([...paths]);
      const options = { fs, onProblem: (problem: never) => onProblem?.(problem) };
      for (const piece of packEntries(`${work}/${root}`, paths, options)) {
        // A few bytes at a time: whoever waits for progress sees some.
        for (let at = 0; at < piece.length; at += 1000) {
          yield await Promise.resolve(piece.slice(at, at + 1000));
        }
      }
    },
    async fill(root, tar) {
      Deno.mkdirSync(`${work}/${root}`, { recursive: true });
      await writeStage({ root: `${work}/${root}`, tar, filled }, { replaces: true });
    },
    async change(root, { tar, removes, expected }) {
      return await writeStage({ root: `${work}/${root}`, tar, filled: [] }, {
        removes,
        expected,
      });
    },
    remove(root, paths) {
      for (const path of paths) removeTree(fs, `${work}/${root}/${path}`);
      return Promise.resolve();
    },
  };
}

type Was = { kind: "file" | "dir" | "link"; size: number; mtimeMs: number; ctimeMs: number };

async function writeStage(
  at: { root: string; tar: AsyncIterable<Uint8Array>; filled: string[] },
  change: {
    replaces?: true;
    removes?: readonly string[];
    expected?: readonly { path: string; was: Was | null }[];
  },
): Promise<CommitResult> {
  const fs = denoFs();
  const { root, filled } = at;
  const stageDir = `${root}.stage`;
  recoverStage({ fs, root, stageDir, resume: false });
  const stage = openStage({ fs, root, stageDir, resume: false });
  let sink: FileSink | undefined;
  const expected = [...change.expected ?? []];
  const reader = createTarReader({
    entry(entry) {
      const there = fs.lstat(`${root}/${entry.path}`);
      if (change.replaces && there !== undefined) {
        expected.push({ path: entry.path, was: { ...there, kind: there.kind as Was["kind"] } });
      }
      if (entry.kind === "dir") stage.dir(entry.path);
      else if (entry.kind === "link") stage.link(entry.path, entry.target ?? "");
      else sink = stage.file({ ...entry, isExecutable: isExecutable(entry) });
      filled.push(entry.path);
    },
    data: (bytes) => sink?.write(bytes),
    entryEnd() {
      sink?.end();
      sink = undefined;
    },
  }, {
    limits: { entries: 1e6, entryBytes: 1e9, totalBytes: 1e9, pathBytes: 4096 },
    check: () => undefined,
    checkLink: () => undefined,
  });
  for await (const bytes of at.tar) reader.push(bytes);
  reader.end();
  return stage.commit({ removes: change.removes ?? [], modes: [], expected });
}
