import { sha256Hex } from "../hash.ts";
import type { MailFs } from "./mail_fs.ts";
import type { MailLog } from "./log.ts";
import { START } from "./log.ts";

/** What tells whether a message is on record already, without reading every message. */
export type KnownIds = {
  /** Whether nobody else has added to the log since. */
  isCurrent(): boolean;
  has(id: string): boolean;
  /** Adds the ids of rows that are on record, in their order. */
  add(ids: readonly string[]): void;
};

/** Digits of an id's hash; 100,000 of 64 bits do not meet. */
const DIGITS = 16;

/** One line each: the line of a row is found by its number. */
const LINE = DIGITS + 1;

/**
 * Opens the ids of a log: a line for each row, in a file that can be made again from the log, and is
 * where it falls short of it. Its user holds the lock of who adds to the log.
 */
export function openKnownIds(
  path: string,
  options: { fs: MailFs; log: MailLog<{ id: string }> },
): KnownIds {
  const { fs, log } = options;
  const last = log.last();
  const known = new Set<string>();
  let count = readLines(last);
  if (count < last) {
    const missing: string[] = [];
    for (const { row } of log.read({ ...START, seq: count })) {
      // Rows that are forgotten have left no id.
      while (count + missing.length + 1 < row.seq) missing.push("");
      missing.push(row.id);
    }
    append(missing);
  }

  function readLines(most: number): number {
    const size = fs.size(path) ?? 0;
    const whole = Math.min(most, Math.floor(size / LINE));
    if (size > whole * LINE) fs.truncate(path, whole * LINE);
    if (whole === 0) return 0;
    const text = new TextDecoder("latin1").decode(fs.read(path, { from: 0, to: whole * LINE }));
    const lines = text.split("\n").slice(0, -1);
    if (lines.length === whole && lines.every((line) => /^[0-9a-f]{16}$/.test(line))) {
      for (const line of lines) known.add(line);
      return whole;
    }
    // No file that we wrote looks so: a disk has lost it.
    fs.truncate(path, 0);
    return 0;
  }

  function append(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const lines = ids.map(hashId);
    fs.append(path, new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
    for (const line of lines) known.add(line);
    count += lines.length;
  }

  return { isCurrent: () => count === log.last(), has: (id) => known.has(hashId(id)), add: append };
}

function hashId(id: string): string {
  return sha256Hex(id).slice(0, DIGITS);
}
