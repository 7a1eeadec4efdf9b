import { createHash } from "node:crypto";
import { denoFs } from "../../../src/transfer/deno_fs.ts";
import { isProblem, type TreeEntry } from "../../../src/tree/entry.ts";
import { scanTree } from "../../../src/tree/scan.ts";
import { packEntries } from "../../../src/tree/tar_pack.ts";
import { createTarReader } from "../../../src/tree/tar_read.ts";

/** Names that programs stumble over: all may cross. */
const NAMES = [
  ...[
    "plain",
    ".hidden",
    "-rf",
    "--",
    "two words",
    "new\nline",
    "es\x1b[31mcape",
    "tab\t",
    "quote'\"",
  ],
  ...[
    "übergröße",
    "日本語",
    "e\u0301",
    "👩‍👩‍👧",
    "*",
    "$HOME",
    "`id`",
    "%s%n",
    "~",
    "CON",
    "x".repeat(200),
  ],
];

/** Sizes around the blocks, frames and pipes that carry them. */
const SIZES = [0, 1, 511, 512, 513, 4096, 65_535, 65_536, 131_071, 131_072, 131_073, 1_500_000];

/** Makes a tree of about so many entries below a directory; equal seeds make equal trees. */
export async function makeRandomTree(
  root: string,
  options: { seed: number; entries: number },
): Promise<void> {
  const random = createRandom(options.seed);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!;
  const dirs = [""];
  await Deno.mkdir(root, { recursive: true });
  for (let count = 0; count < options.entries; count++) {
    const dir = pick(dirs);
    const path = `${dir}${pick(NAMES)}${count % 3 === 0 ? count : ""}`;
    const place = `${root}/${path}`;
    if (place.length > 3000 || denoFs().lstat(place) !== undefined) continue;
    const kind = random();
    if (kind < 0.25) {
      await Deno.mkdir(place);
      await Deno.chmod(place, pick([0o755, 0o755, 0o700]));
      dirs.push(`${path}/`);
    } else if (kind < 0.35) {
      await Deno.symlink(pick(["nowhere", "plain", "./x/y"]), place);
    } else {
      const bytes = new Uint8Array(pick(SIZES)).fill(count % 251);
      bytes.forEach((_, at) => (bytes[at] = (at * 31 + count) & 0xff));
      await Deno.writeFile(place, bytes);
      await Deno.chmod(place, pick([0o644, 0o755, 0o600]));
      await Deno.utime(place, new Date(), 1_600_000_000 + count + 0.25);
    }
  }
}

/** Everything that crosses of a tree on this machine, as text: one line for each entry. */
export function describeTree(root: string): string[] {
  const fs = denoFs();
  return Array.from(scanTree(root, { fs, rules: [] }), (item) => {
    if (isProblem(item)) return `${JSON.stringify(item.path)} ${item.problem}`;
    const sha256 = item.kind === "file"
      ? createHash("sha256").update(Deno.readFileSync(`${root}/${item.path}`)).digest("hex")
      : "";
    return describeEntry(item, sha256);
  });
}

/** The same of what a tar stream holds, in its order. */
export async function describeTar(stream: AsyncIterable<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  let hash = createHash("sha256");
  let current: TreeEntry | undefined;
  const reader = createTarReader({
    entry: (entry) => void (current = entry),
    data: (bytes) => void hash.update(bytes),
    entryEnd() {
      lines.push(describeEntry(current!, current!.kind === "file" ? hash.digest("hex") : ""));
      hash = createHash("sha256");
    },
  }, {
    limits: { entries: 1e6, entryBytes: 1e12, totalBytes: 1e12, pathBytes: 4096 },
    check: () => undefined,
    checkLink: () => undefined,
  });
  for await (const bytes of stream) reader.push(bytes);
  reader.end();
  return lines;
}

/** A tree of this machine as the stream that fills a cage. */
export async function* packTree(root: string): AsyncGenerator<Uint8Array> {
  const fs = denoFs();
  const paths = Array.from(scanTree(root, { fs, rules: [] }), ({ path }) => path);
  yield* packEntries(root, paths, { fs });
}

function describeEntry(entry: TreeEntry, sha256: string): string {
  // The time of a directory or a symlink is not what crosses.
  const time = entry.kind === "file" ? entry.mtimeMs : "";
  const mode = entry.kind === "link" ? "" : entry.mode.toString(8);
  const parts = [entry.kind, mode, entry.size, time, entry.target ?? "", sha256];
  return `${JSON.stringify(entry.path)} ${parts.join(" ")}`;
}

/** Mulberry32: small, and the same on every machine. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
