import type { TreeEntry } from "../../../src/tree/entry.ts";
import { BLOCK_BYTES, countPadding, FIELD, MAGIC, TYPE } from "../../../src/tree/tar_header.ts";
import { createTarWriter } from "../../../src/tree/tar_write.ts";
import { bytesOf, pack } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import { drawOnce, type Random } from "../random.ts";

/** Fields of a header as they stand in it; what is not given is as in a plain file. */
export type RawHeader = {
  name?: string | Uint8Array;
  mode?: string | Uint8Array;
  size?: string | Uint8Array;
  mtime?: string | Uint8Array;
  type?: string;
  link?: string;
  prefix?: string;
  magic?: string;
  /** In place of the right one. */
  checksum?: string;
};

/** One header block of whatever is asked for, with a right sum. */
export function formatHeader(header: RawHeader): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (field: readonly [number, number], value: string | Uint8Array) => {
    const bytes = typeof value === "string" ? bytesOf(value) : value;
    block.set(bytes.subarray(0, field[1]), field[0]);
  };
  put(FIELD.name, header.name ?? "file");
  put(FIELD.mode, header.mode ?? "0000644\0");
  put(FIELD.uid, "0000000\0");
  put(FIELD.gid, "0000000\0");
  put(FIELD.size, header.size ?? "00000000000\0");
  put(FIELD.mtime, header.mtime ?? "00000000000\0");
  put(FIELD.type, header.type ?? TYPE.file);
  put(FIELD.link, header.link ?? "");
  put(FIELD.magic, header.magic ?? MAGIC.posix);
  put(FIELD.prefix, header.prefix ?? "");
  const sum = block.reduce((total, byte) => total + byte, 8 * 0x20);
  put(FIELD.checksum, header.checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** A header with contents of the size it says, filled up to a block. */
export function formatExtra(type: string, contents: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(contents);
  const size = `${bytes.length.toString(8).padStart(11, "0")}\0`;
  const padding = new Uint8Array(countPadding(bytes.length));
  return pack(formatHeader({ name: "extra", type, size }), bytes, padding);
}

/** One pax record, its length as it has to be. */
export function formatPaxRecord(key: string, value: string): string {
  const bytes = new TextEncoder().encode(` ${key}=${value}\n`).length;
  let length = bytes;
  while (bytes + String(length).length !== length) length = bytes + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** The blocks that end a stream. */
export const END = new Uint8Array(2 * BLOCK_BYTES);

/** A whole stream of entries, with contents by path. */
export function formatStream(
  entries: readonly TreeEntry[],
  contents: ReadonlyMap<string, Uint8Array> = new Map(),
): Uint8Array<ArrayBuffer> {
  const writer = createTarWriter();
  const parts = entries.flatMap((entry) => [
    writer.header(entry),
    contents.get(entry.path) ?? new Uint8Array(entry.size),
    writer.padding(entry.size),
  ]);
  return new Uint8Array(joinAll([...parts, writer.end()]));
}

function joinAll(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const PLAIN = { mode: 0o644, size: 0, mtimeMs: 1_700_000_000_000, ctimeMs: 0 };

/** Streams as the courier sends them, and as GNU tar would. */
export const TAR_MATERIAL: Material = {
  seeds: [
    formatStream([
      { ...PLAIN, path: "src", kind: "dir", mode: 0o755 },
      { ...PLAIN, path: "src/main.ts", kind: "file", size: 700 },
      { ...PLAIN, path: "src/run", kind: "file", mode: 0o755 },
      { ...PLAIN, path: "src/to", kind: "link", target: "main.ts" },
    ]),
    formatStream([
      { ...PLAIN, path: "ünï", kind: "dir", mtimeMs: 1_700_000_000_123 },
      { ...PLAIN, path: `ünï/${"x".repeat(250)}`, kind: "file", size: 3, mtimeMs: -1500 },
      { ...PLAIN, path: "ünï/to", kind: "link", target: "é".repeat(80) },
    ]),
    pack(
      formatExtra(TYPE.gnuPath, `${"n".repeat(150)}\0`),
      formatExtra(TYPE.gnuLink, `${"t".repeat(150)}\0`),
      formatHeader({ type: TYPE.link, magic: MAGIC.gnu }),
      formatHeader({ name: "b", magic: MAGIC.gnu, size: pack(0x80, "\0".repeat(10), 5) }),
      "12345".padEnd(BLOCK_BYTES, "\0"),
      END,
    ),
  ],
  tokens: [
    formatHeader({ name: "../x" }),
    formatHeader({ name: "h", type: TYPE.hardLink, link: "src/main.ts" }),
    formatHeader({ name: "big", size: "77777777777\0" }),
    formatHeader({ name: "neg", size: pack(..."\xff".repeat(12)) }),
    formatExtra(TYPE.pax, formatPaxRecord("path", "a/../../b")),
    formatExtra(TYPE.pax, formatPaxRecord("size", "9".repeat(15))),
    formatExtra(TYPE.globalPax, formatPaxRecord("path", "all")),
    bytesOf("ustar\x0000"),
    bytesOf("999999 path="),
    bytesOf(".git"),
    END,
    new Uint8Array(BLOCK_BYTES),
  ],
};

const NAMES = [
  "a",
  "b.txt",
  "src",
  "é",
  "A",
  "n".repeat(120),
  ".git",
  "..",
  "x y",
  "aux",
  "a\u0301",
];

/** A stream with its entries drawn, directories first; half of the cases changed as bytes, too. */
export function makeTar(random: Random): Uint8Array<ArrayBuffer> {
  if (random.oneIn(4)) return mutate(random, TAR_MATERIAL);
  const bytes = drawTar(random);
  return random.oneIn(2) ? bytes : mutate(random, { ...TAR_MATERIAL, seeds: [bytes] });
}

const drawTar = drawOnce((random) => {
  const dirs = [""];
  const entries: TreeEntry[] = [];
  for (let count = random.integer(6); count > 0; count--) {
    const path = `${random.pick(dirs)}${random.pick(random.oneIn(10) ? NAMES : NAMES.slice(0, 5))}`;
    const kind = random.pick(["dir", "file", "file", "link"] as const);
    const isFile = kind === "file";
    entries.push({
      ...PLAIN,
      path,
      kind,
      size: isFile ? random.integer(600) : 0,
      mode: random.pick([0o644, 0o755]),
      ...(kind === "link"
        ? { target: random.pick(["a", "../b.txt", "../../..", "/etc", "é"]) }
        : {}),
    });
    if (kind === "dir") dirs.push(`${path}/`);
  }
  return formatStream(entries);
}, { count: 2000 });
