import { formatPath } from "../project/root.ts";
import { type MaskPatterns, observeMatches } from "./patterns.ts";
import type { MountRoot } from "./types.ts";

/** How the tree is looked at again. */
export type RescanOptions = {
  /** The roots as they were when the session started. */
  roots: readonly Pick<MountRoot, "source" | "origin" | "directory" | "matches">[];
  patterns: MaskPatterns;
  warn: (text: string) => void;
  signal: AbortSignal;
  /** Lower bound between two looks, in milliseconds. Defaults to 30 000. */
  intervalMs?: number;
};

/** A look may take one part in this many of the time: a large tree is looked at less often. */
const SHARE = 100;

/**
 * Warns about paths that begin to match `hide` while a session runs: masks are made at its start, so
 * the cage can read them. Each path is told once. Costs nothing without patterns.
 */
export async function watchNewMatches(options: RescanOptions): Promise<void> {
  const { signal } = options;
  if (options.patterns.hide.length === 0) return;
  const roots = options.roots.filter((root) => root.directory && root.origin !== "mounts");
  const known = new Set(roots.flatMap((root) => root.matches.hidden.map((match) => match.path)));
  let pauseMs = options.intervalMs ?? 30_000;
  while (await sleep(pauseMs, signal)) {
    const startMs = performance.now();
    for (const root of roots) {
      for (const path of await findHidden(root.source, options.patterns)) {
        if (known.has(path)) continue;
        known.add(path);
        options.warn(
          `${formatPath(path)} is new and matches workspace.hide, but this session can read it; ` +
            "it is hidden from the next start on",
        );
      }
    }
    pauseMs = Math.max(options.intervalMs ?? 30_000, (performance.now() - startMs) * SHARE);
  }
}

async function findHidden(root: string, patterns: MaskPatterns): Promise<string[]> {
  try {
    const found = await observeMatches(root, { hide: patterns.hide, readonly: [] });
    return found.hidden.map((match) => match.path);
  } catch {
    // A directory that cannot be read at the moment: the next start refuses it, a session goes on.
    return [];
  }
}

/** Waits; `false` when the signal came first. */
async function sleep(durationMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), durationMs);
  const stop = () => resolve(false);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
