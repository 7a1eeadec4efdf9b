import { createHash } from "node:crypto";
import { join } from "node:path";
import { denoFs } from "../../src/transfer/deno_fs.ts";
import { checkEntryPath, checkLinkTarget } from "../../src/tree/paths.ts";
import { packEntries } from "../../src/tree/tar_pack.ts";
import { createTarReader } from "../../src/tree/tar_read.ts";
import { formatBench, judge, measure, type Subject, type Target } from "./measure.ts";

/** The tree of issue 5: so many small files, and a few large ones. */
const SMALL_FILES = 20_000;
const LARGE_FILES = 3;
const LARGE_BYTES = 30 * 1024 * 1024;
/** Directories that the small files are spread over. */
const DIRS = 200;

/** What our streams may cost against those of GNU tar, and by themselves on a machine of two cores. */
const TARGETS: readonly Target[] = [
  { subject: "pack", limit: { times: "GNU tar packs", of: 1.5 } },
  { subject: "read", limit: { ms: 300 } },
];

/** Times packing a tree and reading the stream, without an engine. */
export async function benchTar(options: { rounds: number; json: boolean }): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "sandcage-bench-tar-" });
  try {
    const paths = await makeTree(dir);
    const pieces = Array.from(pack(dir, paths), (piece) => piece.slice());
    const subjects: Subject[] = [
      { name: "GNU tar packs", run: () => runTar(dir) },
      { name: "pack", run: () => Promise.resolve(drain(pack(dir, paths))) },
      { name: "pack with hashes", run: () => Promise.resolve(drain(packHashed(dir, paths))) },
      { name: "read", run: () => Promise.resolve(read(pieces)) },
    ];
    const timings = await measure(subjects, options.rounds);
    const verdicts = judge(timings, TARGETS);
    return options.json ? JSON.stringify({ timings, verdicts }) : formatBench(timings, verdicts);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function pack(dir: string, paths: readonly string[]): Iterable<Uint8Array> {
  return packEntries(dir, paths, { fs: denoFs() });
}

function packHashed(dir: string, paths: readonly string[]): Iterable<Uint8Array> {
  return packEntries(dir, paths, { fs: denoFs(), hash: () => createHash("sha256") });
}

function drain(pieces: Iterable<Uint8Array>): void {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  if (bytes < LARGE_FILES * LARGE_BYTES) throw new Error("The stream is not whole");
}

function read(pieces: Iterable<Uint8Array>): void {
  let entries = 0;
  const reader = createTarReader({ entry: () => entries++, data() {}, entryEnd() {} }, {
    limits: { entries: 1e6, entryBytes: 2 ** 40, totalBytes: 2 ** 40, pathBytes: 4096 },
    check: (path) => checkEntryPath(path, { platform: "linux" }),
    checkLink: checkLinkTarget,
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  if (entries < SMALL_FILES) throw new Error("The stream is not whole");
}

async function runTar(dir: string): Promise<void> {
  const child = new Deno.Command("tar", {
    args: ["-cf", "-", "-C", dir, "."],
    stdout: "piped",
  }).spawn();
  let bytes = 0;
  for await (const piece of child.stdout) bytes += piece.length;
  const { success } = await child.status;
  if (!success || bytes < LARGE_FILES * LARGE_BYTES) throw new Error("tar failed");
}

async function makeTree(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < DIRS; index++) {
    await Deno.mkdir(join(dir, `d${index}`));
    paths.push(`d${index}`);
  }
  for (let index = 0; index < SMALL_FILES; index++) {
    const path = `d${index % DIRS}/module${index}.ts`;
    await Deno.writeFile(join(dir, path), new Uint8Array(500 + index % 7000));
    paths.push(path);
  }
  for (let index = 0; index < LARGE_FILES; index++) {
    await Deno.writeFile(join(dir, `large${index}`), new Uint8Array(LARGE_BYTES).fill(index));
    paths.push(`large${index}`);
  }
  return paths;
}
