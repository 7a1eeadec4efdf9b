import type { TreeEntry } from "./entry.ts";
import { readNumber, readText } from "./tar_fields.ts";
import { FIELD, MAGIC, TYPE } from "./tar_header.ts";
import type { TarRecords } from "./tar_records.ts";
import { TarRefused } from "./tar_refused.ts";
import { quotePath } from "./visible.ts";

/** Largest time either way, in seconds: beyond, no `Date` has it (ECMA-262, 21.4.1.1). */
const MOST_SECONDS = 8.64e12;

/** Bits of a mode that run a program as somebody else, or guard a shared directory. */
const SPECIAL_BITS = 0o7000;

/** Which of the two formats a header is of, by its magic. */
export type TarFormat = keyof typeof MAGIC;

/** Reads of which format a header is. @throws {TarRefused} If its magic is of neither. */
export function readFormat(block: Uint8Array): TarFormat {
  const [start] = FIELD.magic;
  for (const format of ["posix", "gnu"] as const) {
    const magic = MAGIC[format];
    let at = 0;
    while (at < magic.length && block[start + at] === magic.charCodeAt(at)) at++;
    if (at === magic.length) return format;
  }
  throw new TarRefused("it has a header of a format that is not known");
}

/**
 * Reads the header of an entry, with what was said before it.
 *
 * @throws {TarRefused} If it is of what does not cross, or says something impossible. Paths and
 * targets are not looked at beyond their form.
 */
export function readEntry(
  block: Uint8Array,
  options: { format: TarFormat; records: TarRecords },
): TreeEntry {
  const { format, records } = options;
  const type = String.fromCharCode(block[FIELD.type[0]]!);
  const written = records.path ?? readPath(block, format);
  const kind = readKind(type, written);
  const path = kind === "dir" && written.endsWith("/") ? written.slice(0, -1) : written;

  const mode = readNumber(block, FIELD.mode);
  if (Number.isNaN(mode) || mode > (SPECIAL_BITS | 0o777)) {
    throw new TarRefused("its mode is no mode", path);
  }
  if ((mode & SPECIAL_BITS) !== 0) {
    throw new TarRefused("it is set-user-ID, set-group-ID or sticky", path);
  }
  const size = records.size ?? readNumber(block, FIELD.size);
  if (Number.isNaN(size) || size < 0) throw new TarRefused("its size is no size", path);
  if (kind !== "file" && size !== 0) {
    throw new TarRefused("it has contents and is no file", path);
  }
  const mtimeMs = records.mtimeMs ?? readNumber(block, FIELD.mtime) * 1000;
  if (!(Math.abs(mtimeMs) <= MOST_SECONDS * 1000)) {
    throw new TarRefused("its time is no time", path);
  }
  const entry: TreeEntry = { path, kind, mode, size, mtimeMs, ctimeMs: 0 };
  if (kind === "link") entry.target = records.target ?? readText(block, FIELD.link);
  return entry;
}

function readPath(block: Uint8Array, format: TarFormat): string {
  const name = readText(block, FIELD.name);
  // GNU tar keeps times where POSIX has the front of a path.
  const prefix = format === "posix" ? readText(block, FIELD.prefix) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function readKind(type: string, path: string): TreeEntry["kind"] {
  switch (type) {
    case TYPE.file:
    case TYPE.oldFile:
      return "file";
    case TYPE.dir:
      return "dir";
    case TYPE.link:
      return "link";
    case TYPE.hardLink:
      throw new TarRefused("it is a hard link", path);
    case TYPE.charDevice:
    case TYPE.blockDevice:
      throw new TarRefused("it is a device", path);
    case TYPE.fifo:
      throw new TarRefused("it is a named pipe", path);
    case TYPE.gnuSparse:
      throw new TarRefused("it is a file with holes", path);
    default:
      throw new TarRefused(`it is of a type that is not known, ${quotePath(type)}`, path);
  }
}
