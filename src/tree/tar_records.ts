import { decodeText } from "./tar_fields.ts";
import { TarRefused } from "./tar_refused.ts";
import { quotePath } from "./visible.ts";

/** What the records before a header say about its entry. */
export type TarRecords = {
  path?: string;
  target?: string;
  size?: number;
  mtimeMs?: number;
};

/** Keys that say what does not cross: nothing of it is used. */
const UNUSED: ReadonlySet<string> = new Set([
  "atime",
  "ctime",
  "uid",
  "gid",
  "uname",
  "gname",
  "comment",
]);

/** Longest start of a record: its length, as digits. */
const MOST_DIGITS = 7;

/**
 * Reads pax records, each `LENGTH KEY=VALUE` and a line feed, of the length given.
 *
 * @throws {TarRefused} If one is malformed, comes twice, or says what is not known here.
 */
export function parseRecords(bytes: Uint8Array): TarRecords {
  const records: TarRecords = {};
  const keys = new Set<string>();
  for (let at = 0; at < bytes.length;) {
    const { key, value, end } = readRecord(bytes, at);
    if (keys.has(key)) throw new TarRefused(`a header has two records of ${quotePath(key)}`);
    keys.add(key);
    applyRecord(records, { key, value });
    at = end;
  }
  return records;
}

function applyRecord(records: TarRecords, record: { key: string; value: string }): void {
  const { key, value } = record;
  switch (key) {
    case "path":
      records.path = value;
      return;
    case "linkpath":
      records.target = value;
      return;
    case "size":
      records.size = parseSize(value);
      return;
    case "mtime":
      records.mtimeMs = parseTime(value);
      return;
    default:
      if (UNUSED.has(key)) return;
      if (key.startsWith("GNU.sparse.")) throw new TarRefused("a header is of a file with holes");
      throw new TarRefused(`a header has a record of ${quotePath(key)}, which is not known`);
  }
}

function readRecord(
  bytes: Uint8Array,
  start: number,
): { key: string; value: string; end: number } {
  let length = 0;
  let at = start;
  for (; at < bytes.length && bytes[at] !== SPACE; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9 || at - start >= MOST_DIGITS) throw malformed();
    length = length * 10 + digit;
  }
  const end = start + length;
  const keyStart = at + 1;
  if (at === start || end > bytes.length || end <= keyStart || bytes[end - 1] !== LINE_FEED) {
    throw malformed();
  }
  const equals = bytes.subarray(keyStart, end - 1).indexOf(EQUALS);
  if (equals < 1) throw malformed();
  return {
    key: decodeText(bytes.subarray(keyStart, keyStart + equals)),
    value: decodeText(bytes.subarray(keyStart + equals + 1, end - 1)),
    end,
  };
}

function parseSize(value: string): number {
  const size = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(size)) throw new TarRefused("a header has a size that is no size");
  return size;
}

/** Seconds with a fraction as whole milliseconds, the earlier one where it is between two. */
function parseTime(value: string): number {
  const match = /^(-?)(\d{1,12})(?:\.(\d{0,18}))?$/.exec(value);
  if (match === null) throw new TarRefused("a header has a time that is no time");
  const [, sign, whole, fraction = ""] = match;
  const ms = Number(whole) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
  if (sign === "") return ms;
  return /[1-9]/.test(fraction.slice(3)) ? -ms - 1 : 0 - ms;
}

function malformed(): TarRefused {
  return new TarRefused("a header has a malformed record");
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const EQUALS = 0x3d;
const ZERO = 0x30;
