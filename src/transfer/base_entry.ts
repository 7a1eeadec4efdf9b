import { type EntryKind, isExecutable, type TreeEntry } from "../tree/entry.ts";

/** When one side's file was changed last, as its file system tells, in whole milliseconds. */
export type Stamp = { mtimeMs: number; ctimeMs: number };

/** A path as it was when both sides were equal. */
export type BaseEntry = {
  path: string;
  kind: EntryKind;
  /** Of a file; false for everything else. */
  executable: boolean;
  /** Bytes of a file; 0 for everything else. */
  size: number;
  /** SHA-256 of a file's bytes, hex; absent when nobody has read it yet. */
  sha256?: string;
  /** Where a symlink points. */
  target?: string;
  /**
   * Of a file: a side whose file still has its stamp, size and executable bit was not changed. Absent
   * when nothing can be told by it.
   */
  host?: Stamp;
  inner?: Stamp;
};

/** What a base learns about a path: that it is equal on both sides, or on neither. */
export type BaseChange = BaseEntry | { path: string; gone: true };

/** The clocks of both sides when looking began, in milliseconds since 1970. */
export type Clocks = { hostMs: number; innerMs: number };

/**
 * A file changed so shortly before it was looked at may be changed again without its times telling:
 * some file systems count in steps of two seconds. The same trouble, and answer, as git's index has.
 *
 * @see {@link https://git-scm.com/docs/racy-git}
 */
const COARSE_STEP_MS = 2000;
/**
 * The same where a change time itself is no whole second: the clock that Linux puts into files goes in
 * steps of 10 milliseconds at most.
 */
const FINE_STEP_MS = 100;

/** A stamp that can be trusted later; `undefined` where a change could hide behind it. */
export function toStamp(entry: Stamp, nowMs: number): Stamp | undefined {
  const { mtimeMs, ctimeMs } = entry;
  const trustedMs = nowMs - (ctimeMs % 1000 === 0 ? COARSE_STEP_MS : FINE_STEP_MS);
  return ctimeMs > trustedMs || mtimeMs > trustedMs ? undefined : { mtimeMs, ctimeMs };
}

/** What is remembered of a path that is equal on both sides. Hashes may be on either. */
export function toBaseEntry(
  equal: { host: TreeEntry; inner: TreeEntry; sha256?: string | undefined },
  clocks: Clocks,
): BaseEntry {
  const { host, inner } = equal;
  const { path, kind, size, target } = inner;
  if (kind === "dir") return { path, kind, executable: false, size: 0 };
  if (kind === "link") return { path, kind, executable: false, size: 0, target: target ?? "" };
  const sha256 = equal.sha256 ?? inner.sha256 ?? host.sha256;
  const stamps = { host: toStamp(host, clocks.hostMs), inner: toStamp(inner, clocks.innerMs) };
  return {
    path,
    kind,
    executable: isExecutable(inner),
    size,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(stamps.host === undefined ? {} : { host: stamps.host }),
    ...(stamps.inner === undefined ? {} : { inner: stamps.inner }),
  };
}

/** What a side has that is as the base says. */
export function toEntry(base: BaseEntry, side: "host" | "inner"): TreeEntry {
  const { path, kind, executable, size, target } = base;
  const { mtimeMs, ctimeMs } = base[side] ?? { mtimeMs: 0, ctimeMs: 0 };
  const mode = executable || kind === "dir" ? 0o755 : kind === "link" ? 0o777 : 0o644;
  return { path, kind, mode, size, mtimeMs, ctimeMs, ...(target === undefined ? {} : { target }) };
}

/** Whether an entry is as it was, without reading it: false also when that cannot be told. */
export function isUnchanged(
  base: BaseEntry,
  entry: TreeEntry,
  options: { side: "host" | "inner" },
): boolean {
  if (base.kind !== entry.kind) return false;
  if (entry.kind === "dir") return true;
  if (entry.kind === "link") return base.target === entry.target;
  const stamp = base[options.side];
  return stamp !== undefined && stamp.mtimeMs === entry.mtimeMs &&
    stamp.ctimeMs === entry.ctimeMs && base.size === entry.size &&
    base.executable === isExecutable(entry);
}
