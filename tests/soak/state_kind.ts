/** A name that was made up for one thing: an id, a hash, a time. */
const MADE_UP =
  /\d{8}t\d{6}-[0-9a-f]{6}|msg-[0-9A-Za-z-]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{8,}/g;

/**
 * What kind of file a path below a state directory is: names of cages, sessions, runs and hashes are
 * `*`, so that a thousand of one kind show as a thousand times the same. Pure.
 */
export function stateKind(path: string): string {
  return path.split("/")
    .map((part, index, parts) => parts[index - 1] === "cages" ? "*" : part.replace(MADE_UP, "*"))
    .join("/");
}

/**
 * Kinds that are kept on purpose, one for each thing a user did: a run's record and what its agent
 * said are there until somebody removes the cage.
 */
const KEPT = /^cages\/\*\/runs\/\*(\/|$)/;

/**
 * Kinds that have a bound of their own: the log of a cage, 16 MiB each, five of them, and the lock of
 * whoever begins the next one (src/cage/audit_log.ts).
 */
const BOUNDED = /^cages\/\*\/audit\.jsonl(\.[1-4]|\.lock)?$/;

/** No other file has a reason to be larger after an hour, in bytes. */
const MOST_BYTES = 2 ** 20;

/** What a file counts as; `undefined` when it is there on purpose, however many there are. Pure. */
export function stateItem({ path, bytes }: { path: string; bytes: number }): string | undefined {
  const kind = stateKind(path);
  if (KEPT.test(kind) || BOUNDED.test(kind)) return undefined;
  return bytes > MOST_BYTES ? `${kind}, larger than 1 MiB,` : kind;
}
