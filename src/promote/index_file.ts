import { createHash } from "node:crypto";
import { latin1 } from "./bytes.ts";
import type { ObjectId } from "./types.ts";

/** What git noted of a file when it last saw it equal to the entry. */
export type IndexStat = {
  /** Whole seconds. */
  ctimeS: number;
  mtimeMs: number;
  /** Whether the fraction of a second was noted: some builds of git leave it out. */
  hasFraction: boolean;
  /** Lower 32 bits, as the format has it; so is `size`. */
  ino: number;
  size: number;
};

/** What tells a file from any other: a move changes nothing of it. */
export type Seen = Pick<IndexStat, "ino" | "mtimeMs" | "size">;

/** One path of the index. */
export type IndexEntry = {
  mode: number;
  oid: ObjectId;
  /** Above 0 in a merge that is not settled. */
  stage: number;
  /** Left out of the working tree on purpose. */
  isSkipped: boolean;
  /** Announced by `git add -N`, without content. */
  isIntent: boolean;
  stat: IndexStat;
};

/** A file that was moved, as it is now. */
export type MovedFile = {
  ctimeS: number;
  /** Beside the seconds; some builds of git compare it. */
  ctimeNs?: number;
  mtimeMs: number;
  ino: number;
  size: number;
};

/** What of an index matters to a landing. Paths are bytes, one in each character. */
export type IndexFile = {
  /** Of the wanted paths alone; the first stage where there are several. */
  entries: ReadonlyMap<string, IndexEntry>;
  /** Entries are in another file, or stand for whole directories. */
  isPartial: boolean;
};

const HEADER_BYTES = 12;
/** Of SHA-1: an entry without its name, and the checksum at the end. */
const ENTRY_BYTES = 62;
const HASH_BYTES = 20;

const FLAG_EXTENDED = 0x4000;
const FLAG_SKIPPED = 0x4000;
const FLAG_INTENT = 0x2000;

/**
 * Reads the entries of some paths.
 *
 * @throws {Error} If the bytes are no index of version 2, 3 or 4.
 * @see {@link https://git-scm.com/docs/index-format}
 */
export function parseIndex(bytes: Uint8Array, wanted: ReadonlySet<string>): IndexFile {
  const entries = new Map<string, IndexEntry>();
  const end = eachEntry(bytes, (path, at) => {
    if (wanted.has(path) && !entries.has(path)) entries.set(path, readEntry(bytes, at));
  });
  return { entries, isPartial: hasExtension(bytes, { from: end, names: ["link", "sdir"] }) };
}

/**
 * Notes that files were moved since git wrote the index: a rename changes the time of a file's last
 * change of any kind, and git would take it for modified. Entries of files that are not the ones git
 * saw stay as they are. Changes the bytes in place, checksum included.
 *
 * @param moved What stands at the paths now.
 */
export function patchIndexTimes(
  bytes: Uint8Array,
  moved: ReadonlyMap<string, MovedFile>,
): void {
  const view = viewOf(bytes);
  eachEntry(bytes, (path, at) => {
    const facts = moved.get(path);
    if (facts === undefined) return;
    const { stat } = readEntry(bytes, at);
    if (stat.ino !== low32(facts.ino) || stat.size !== low32(facts.size)) return;
    if (Math.floor(stat.mtimeMs / 1000) !== Math.floor(facts.mtimeMs / 1000)) return;
    view.setUint32(at, facts.ctimeS);
    view.setUint32(at + 4, facts.ctimeNs ?? 0);
  });
  const body = bytes.subarray(0, bytes.length - HASH_BYTES);
  const hash = bytes.subarray(bytes.length - HASH_BYTES);
  // All zeros where the user has switched the checksum off.
  if (hash.some((byte) => byte !== 0)) hash.set(createHash("sha1").update(body).digest());
}

/** A number as the index keeps it. */
export function low32(value: number): number {
  return value % 0x1_0000_0000;
}

function eachEntry(bytes: Uint8Array, visit: (path: string, at: number) => void): number {
  const view = viewOf(bytes);
  if (bytes.length < HEADER_BYTES + HASH_BYTES || latin1(bytes.subarray(0, 4)) !== "DIRC") {
    throw new Error("It is no index of git");
  }
  const version = view.getUint32(4);
  if (version < 2 || version > 4) throw new Error(`It is an index of version ${version}`);
  const count = view.getUint32(8);
  const body = bytes.subarray(0, bytes.length - HASH_BYTES);
  let at = HEADER_BYTES;
  let path = "";
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES + 2 > body.length) throw cutShort();
    const isExtended = (view.getUint16(at + 60) & FLAG_EXTENDED) !== 0;
    let from = at + ENTRY_BYTES + (isExtended ? 2 : 0);
    let kept = "";
    if (version === 4) {
      const strip = readVarint(body, from);
      if (strip === undefined || strip.value > path.length) throw cutShort();
      from = strip.next;
      kept = path.slice(0, path.length - strip.value);
    }
    const end = body.indexOf(0, from);
    if (end < 0) throw cutShort();
    path = kept + latin1(body.subarray(from, end));
    visit(path, at);
    // One to eight zeros, up to a multiple of eight.
    at = version === 4 ? end + 1 : at + Math.floor((end - at + 8) / 8) * 8;
  }
  return at;
}

function readEntry(bytes: Uint8Array, at: number): IndexEntry {
  const view = viewOf(bytes);
  const flags = view.getUint16(at + 60);
  const more = (flags & FLAG_EXTENDED) === 0 ? 0 : view.getUint16(at + 62);
  const nanoseconds = view.getUint32(at + 12);
  return {
    mode: view.getUint32(at + 24),
    oid: bytes.subarray(at + 40, at + 60).toHex(),
    stage: (flags >> 12) & 3,
    isSkipped: (more & FLAG_SKIPPED) !== 0,
    isIntent: (more & FLAG_INTENT) !== 0,
    stat: {
      ctimeS: view.getUint32(at),
      mtimeMs: view.getUint32(at + 8) * 1000 + Math.floor(nanoseconds / 1e6),
      hasFraction: nanoseconds !== 0,
      ino: view.getUint32(at + 20),
      size: view.getUint32(at + 36),
    },
  };
}

/** What a crash of somebody else leaves; git says so, too. */
function cutShort(): Error {
  return new Error("It is no index of git: an entry has no end");
}

/** The number of git's packs with offsets: each continued byte adds one. */
function readVarint(bytes: Uint8Array, start: number): { value: number; next: number } | undefined {
  let value = -1;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!;
    value = (value + 1) * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return { value, next: at + 1 };
  }
  return undefined;
}

function hasExtension(
  bytes: Uint8Array,
  options: { from: number; names: readonly string[] },
): boolean {
  const view = viewOf(bytes);
  for (let at = options.from; at + 8 <= bytes.length - HASH_BYTES;) {
    if (options.names.includes(latin1(bytes.subarray(at, at + 4)))) return true;
    at += 8 + view.getUint32(at + 4);
  }
  return false;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
