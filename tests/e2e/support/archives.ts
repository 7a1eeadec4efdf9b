import { crc32, gzipSync } from "node:zlib";

/** One entry of a made archive, as a stranger may write it: nothing of it is checked. */
export type Entry = {
  name: string;
  text?: string;
  /** Defaults to 0o644. */
  mode?: number;
  /** Defaults to a file. `hard` and `link` point at {@link target}. */
  kind?: "file" | "dir" | "link" | "hard" | "device";
  target?: string;
};

const TYPE_FLAGS = { file: "0", hard: "1", link: "2", device: "3", dir: "5" } as const;
const FILE_TYPES = { file: 0o100000, hard: 0, link: 0o120000, device: 0o020000, dir: 0o040000 };
const BLOCK = 512;

/** Packs entries as tar and gzip. */
export function packTarGz(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap((entry) => {
    const data = new TextEncoder().encode(entry.text ?? "");
    return [
      tarHeader(entry, data.length),
      data,
      new Uint8Array((BLOCK - data.length % BLOCK) % BLOCK),
    ];
  });
  return new Uint8Array(gzipSync(join([...blocks, new Uint8Array(2 * BLOCK)])));
}

function tarHeader(entry: Entry, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (offset: number, text: string) => block.set(new TextEncoder().encode(text), offset);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0") + "\0";
  put(0, entry.name);
  put(100, octal(entry.mode ?? 0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(0, 11));
  put(148, " ".repeat(8));
  put(156, TYPE_FLAGS[entry.kind ?? "file"]);
  put(157, entry.target ?? "");
  put(257, "ustar\x0000");
  put(148, octal(block.reduce((sum, byte) => sum + byte, 0), 6) + " ");
  return block;
}

/** Packs entries as zip, stored. */
export function packZip(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    const kind = entry.kind ?? "file";
    const name = new TextEncoder().encode(entry.name);
    const data = new TextEncoder().encode(entry.target ?? entry.text ?? "");
    const crc = crc32(data);
    const local = zipRecord(30, [
      [0, 4, 0x04034b50],
      [4, 2, 20],
      [14, 4, crc],
      [18, 4, data.length],
      [
        22,
        4,
        data.length,
      ],
      [26, 2, name.length],
    ]);
    const mode = (FILE_TYPES[kind] | (entry.mode ?? 0o644)) * 0x10000;
    const header = zipRecord(46, [
      [0, 4, 0x02014b50],
      [4, 2, 0x0314],
      [6, 2, 20],
      [16, 4, crc],
      [
        20,
        4,
        data.length,
      ],
      [24, 4, data.length],
      [28, 2, name.length],
      [38, 4, mode],
      [42, 4, offset],
    ]);
    locals.push(local, name, data);
    central.push(header, name);
    offset += local.length + name.length + data.length;
  }
  const directory = join(central);
  const end = zipRecord(22, [[0, 4, 0x06054b50], [8, 2, entries.length], [10, 2, entries.length], [
    12,
    4,
    directory.length,
  ], [16, 4, offset]]);
  return join([...locals, directory, end]);
}

/** A record of so many bytes with `[offset, size, value]` fields, little-endian. */
function zipRecord(size: number, fields: readonly [number, 2 | 4, number][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  for (const [offset, width, value] of fields) {
    if (width === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
  }
  return new Uint8Array(view.buffer);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
