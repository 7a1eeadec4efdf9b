import { sha256Hex } from "../hash.ts";

/** Everything that makes one started agent as good as another. */
export type WarmFacts = {
  /** Version of sandcage. */
  version: string;
  cageId: string;
  project: string;
  /** Directory inside that the agent starts in. */
  workdir: string;
  /** Whole command line of the agent. */
  command: readonly string[];
  /** References of the images, which are hashes of all that is in them. */
  images: readonly string[];
  engine: string;
  /** The resolved configuration, service included. */
  config: unknown;
  /** Values of secrets by name. The key alone leaves memory, and only over a socket of the user. */
  secrets: ReadonlyMap<string, string>;
};

/** What tells who waits for whom: equal kinds are alternatives, equal keys are the same. */
export type WarmIdentity = { kind: string; key: string };

/** Plans under which name an agent is kept, and what it must equal to be taken. Pure. */
export function planIdentity(facts: WarmFacts): WarmIdentity {
  const { secrets, ...rest } = facts;
  const { cageId, workdir, command } = facts;
  return {
    kind: sha256Hex(JSON.stringify([cageId, workdir, command])),
    key: sha256Hex(JSON.stringify([sortKeys(rest), [...secrets].toSorted()])),
  };
}

// A configuration says the same whatever the order of its files.
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}
