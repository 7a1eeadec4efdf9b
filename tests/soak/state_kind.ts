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

/** Whether more of a kind are expected the more is done. Pure. */
export function isKept(kind: string): boolean {
  return KEPT.test(kind);
}
