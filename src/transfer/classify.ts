import { unreachable } from "../errors.ts";
import { isExecutable, type TreeEntry } from "../tree/entry.ts";
import {
  type BaseChange,
  type BaseEntry,
  type Clocks,
  isUnchanged,
  toBaseEntry,
  toStamp,
} from "./base_entry.ts";
import type { Candidate } from "./compare.ts";

/** What happened to a path: `mode` is its executable bit, `kind` a file, link or directory for another. */
export type Change = "added" | "modified" | "deleted" | "mode" | "kind";

/** A path that is not the same on both sides. */
export type Difference = {
  path: string;
  /** What the named side did since both were equal; of `both`, what the cage did. */
  change: Change;
  /** Who did it; `both` when each did, and they do not agree. */
  side: "inner" | "host" | "both";
  /** Of `both`: what the host did. */
  hostChange?: Change;
  /** What is there now. Files have a hash where it was needed or is known. */
  inner?: TreeEntry;
  host?: TreeEntry;
  /** What was there when both were equal; absent also when that is not known. */
  base?: BaseEntry;
  /** There is something on the host at this place that the rules keep out of sight. */
  inTheWay?: true;
};

/** How a candidate is decided. */
export type ClassifyOptions = {
  clocks: Clocks;
  /**
   * The base is that of another directory of the host: it explains a file that is equal to it, and
   * nothing else. Defaults to false.
   */
  borrowed?: boolean;
};

/** What a candidate turned out to be; nothing where both sides lack it and always did. */
export type Classified = { difference?: Difference; learned?: BaseChange };

/** Which sides' files have to be read before a candidate can be decided. Pure. */
export function needsHash({ base, host, inner }: Candidate): { host: boolean; inner: boolean } {
  const unread = {
    host: host?.kind === "file" && host.sha256 === undefined &&
      !(base !== undefined && hasKnownContent(base, host, "host")),
    inner: inner?.kind === "file" && inner.sha256 === undefined &&
      !(base !== undefined && hasKnownContent(base, inner, "inner")),
  };
  const need = { host: false, inner: false };
  for (const side of ["host", "inner"] as const) {
    if (!unread[side]) continue;
    const [mine, other] = side === "host" ? [host, inner] : [inner, host];
    const likeBase = base?.kind === "file" && base.size === mine?.size;
    if (likeBase || (other?.kind === "file" && other.size === mine?.size)) need[side] = true;
  }
  // A file of the base that nobody has read is known by the side that still has it.
  const isBaseUnread = base?.kind === "file" && base.sha256 === undefined;
  if (isBaseUnread && need.host && inner?.kind === "file" && !unread.inner) need.inner = true;
  if (isBaseUnread && need.inner && host?.kind === "file" && !unread.host) need.host = true;
  return need;
}

/** Content as on record, whatever its executable bit. */
function hasKnownContent(base: BaseEntry, entry: TreeEntry, side: "host" | "inner"): boolean {
  const executable = isExecutable(entry);
  return base.kind === "file" && isUnchanged({ ...base, executable }, entry, { side });
}

/**
 * Decides a candidate whose files have been read as {@link needsHash} asks: what differs, if
 * anything, and what the base learns. Pure.
 */
export function classify(
  candidate: Candidate,
  options: ClassifyOptions,
): Classified {
  const { clocks } = options;
  const { path } = candidate;
  const known = candidate.base === undefined ? undefined : withHash(candidate.base, candidate);
  const base = options.borrowed === true ? borrow(known, candidate) : known;
  const host = knownEntry(candidate.host, { base, side: "host" });
  const inner = knownEntry(candidate.inner, { base, side: "inner" });
  const between = findChange(host, inner);
  if (between === undefined) {
    if (host === undefined || inner === undefined) {
      return base === undefined ? {} : { learned: { path, gone: true } };
    }
    return { learned: withoutUnread(toBaseEntry({ host, inner }, clocks)) };
  }
  const here = {
    ...(inner === undefined ? {} : { inner: withoutUnread(inner) }),
    ...(host === undefined ? {} : { host: withoutUnread(host) }),
    ...(base === undefined ? {} : { base: withoutUnread(base) }),
  };
  const [hostChange, innerChange] = [findChange(base, host), findChange(base, inner)];
  const learned = base === undefined
    ? {}
    : options.borrowed === true
    ? { learned: take(base, host, clocks) }
    : refresh({ base, host, inner }, {
      clocks,
      hostSame: hostChange === undefined,
      innerSame: innerChange === undefined,
    });
  if (innerChange === undefined) {
    return {
      difference: { path, change: hostChange ?? between, side: "host", ...here },
      ...learned,
    };
  }
  if (hostChange === undefined) {
    return { difference: { path, change: innerChange, side: "inner", ...here }, ...learned };
  }
  return { difference: { path, change: innerChange, side: "both", hostChange, ...here } };
}

type Known = Pick<TreeEntry, "kind" | "size" | "sha256" | "target"> & { executable: boolean };

/** What turned the first into the second; `undefined` when they are equal. */
function findChange(
  from: TreeEntry | BaseEntry | undefined,
  to: TreeEntry | undefined,
): Change | undefined {
  if (from === undefined) return to === undefined ? undefined : "added";
  if (to === undefined) return "deleted";
  const [before, after] = [toKnown(from), toKnown(to)];
  if (before.kind !== after.kind) return "kind";
  switch (after.kind) {
    case "dir":
      return undefined;
    case "link":
      return before.target === after.target ? undefined : "modified";
    case "file": {
      // What nobody has read is taken for different: then nothing is lost.
      const isSame = before.size === after.size && before.sha256 !== undefined &&
        before.sha256 === after.sha256;
      if (!isSame) return "modified";
      return before.executable === after.executable ? undefined : "mode";
    }
    default:
      return unreachable(after.kind);
  }
}

function toKnown(entry: TreeEntry | BaseEntry): Known {
  return "mode" in entry ? { ...entry, executable: isExecutable(entry) } : entry;
}

/** Placeholder hash of a file that nobody has read and that is as it was on every side that has it. */
const UNREAD = "unread";

function withoutUnread<Entry extends { sha256?: string }>(entry: Entry): Entry {
  if (entry.sha256 !== UNREAD) return entry;
  const { sha256: _, ...rest } = entry;
  return rest as Entry;
}

function borrow(base: BaseEntry | undefined, { host, inner }: Candidate): BaseEntry | undefined {
  if (base === undefined || host === undefined || inner === undefined) return undefined;
  return findChange(base, host) === undefined ? base : undefined;
}

/** What was borrowed becomes the directory's own: the next look borrows nothing any more. */
function take(base: BaseEntry, host: TreeEntry | undefined, clocks: Clocks): BaseEntry {
  if (base.kind !== "file" || host === undefined) return base;
  return { ...base, host: toStamp(host, clocks.hostMs) };
}

/** The base with its hash, from a side that still has the same bytes when it has none. */
function withHash(base: BaseEntry, { host, inner }: Candidate): BaseEntry {
  if (base.kind !== "file" || base.sha256 !== undefined) return base;
  const sources = [
    host !== undefined && hasKnownContent(base, host, "host") ? host.sha256 : undefined,
    inner !== undefined && hasKnownContent(base, inner, "inner") ? inner.sha256 : undefined,
  ];
  return { ...base, sha256: sources.find((hash) => hash !== undefined) ?? UNREAD };
}

function knownEntry(
  entry: TreeEntry | undefined,
  at: { base: BaseEntry | undefined; side: "host" | "inner" },
): TreeEntry | undefined {
  if (entry?.kind !== "file" || entry.sha256 !== undefined || at.base === undefined) return entry;
  if (!hasKnownContent(at.base, entry, at.side)) return entry;
  return { ...entry, sha256: at.base.sha256! };
}

/** A side that was read and is as it was need not be read again. */
function refresh(
  sides: { base: BaseEntry; host: TreeEntry | undefined; inner: TreeEntry | undefined },
  known: { clocks: Clocks; hostSame: boolean; innerSame: boolean },
): { learned?: BaseChange } {
  const { base, host, inner } = sides;
  if (base.kind !== "file") return {};
  const next: BaseEntry = { ...base };
  if (known.hostSame && host !== undefined) next.host = toStamp(host, known.clocks.hostMs);
  if (known.innerSame && inner !== undefined) next.inner = toStamp(inner, known.clocks.innerMs);
  const isSame = JSON.stringify([next.host, next.inner]) ===
    JSON.stringify([base.host, base.inner]);
  return isSame ? {} : { learned: withoutUnread(next) };
}
