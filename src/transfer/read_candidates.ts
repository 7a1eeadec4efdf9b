import { needsHash } from "./classify.ts";
import type { Candidate, SideProblem } from "./compare.ts";
import type { Courier } from "./types.ts";

/** Where files are read. */
export type ReadOptions = {
  courier: Pick<Courier, "hash">;
  /** Below `/work`, as the courier names it. */
  root: string;
  /** SHA-256 of a file of the host, hex, by its path below the root; `undefined` if unreadable. */
  hashHost(path: string): Promise<string | undefined>;
};

/** Files of the host that are read at the same time. */
const READERS = 4;

/**
 * Reads what has to be read on both sides, and puts the hashes into the candidates; answers with what
 * cannot be read.
 */
export async function readCandidates(
  candidates: readonly Candidate[],
  options: ReadOptions,
): Promise<SideProblem[]> {
  const inner: Candidate[] = [];
  const host: Candidate[] = [];
  for (const candidate of candidates) {
    const need = needsHash(candidate);
    if (need.inner) inner.push(candidate);
    if (need.host) host.push(candidate);
  }
  const { courier, root } = options;
  const [hashes, ours] = await Promise.all([
    inner.length === 0
      ? new Map<string, string>()
      : courier.hash(root, inner.map(({ path }) => path)),
    hashAll(host.map(({ path }) => path), options),
  ]);
  const problems: SideProblem[] = [];
  for (const [side, list, found] of [["inner", inner, hashes], ["host", host, ours]] as const) {
    for (const candidate of list) {
      const sha256 = found.get(candidate.path);
      const { path } = candidate;
      // It was there when the walk came by.
      if (sha256 === undefined) problems.push({ path, problem: "unreadable", side });
      else candidate[side] = { ...candidate[side]!, sha256 };
    }
  }
  return problems;
}

async function hashAll(
  paths: readonly string[],
  { hashHost }: Pick<ReadOptions, "hashHost">,
): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  let next = 0;
  await Promise.all(Array.from({ length: READERS }, async () => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
      const sha256 = await hashHost(path);
      if (sha256 !== undefined) hashes.set(path, sha256);
    }
  }));
  return hashes;
}
