import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import type { Io } from "../io.ts";
import { INSIDE } from "../names.ts";
import { type MountInfo, readMountInfo } from "../workspace/mount_info.ts";
import type { MountRoot, WatchedMask } from "../workspace/types.ts";
import type { MaskPatterns } from "../workspace/patterns.ts";
import { watchNewMatches } from "../workspace/rescan.ts";
import { formatLosses, type MaskLoss, watchMasks } from "../workspace/watch.ts";
import type { InspectedState } from "./outcome.ts";

/**
 * How long after its start a container's process is looked up, in milliseconds. A session that is
 * over by then costs no engine call; until then the host's side alone is watched.
 */
const LOOKUP_DELAY_MS = 1500;

/** A session whose masks are to be watched. */
export type WatchedSession = {
  container: string;
  masks: readonly WatchedMask[];
  roots: readonly MountRoot[];
  patterns: MaskPatterns;
  /** Somebody is there to decide: the cage is paused. Otherwise it is ended. */
  attended: boolean;
};

/** What watching needs from outside. */
export type MaskWatchOptions = {
  engine: Engine;
  io: Pick<Io, "warn">;
  signal: AbortSignal;
  nowMs: () => number;
};

/**
 * Watches the masks of a running session: when the host loses one, the kernel drops its mount in the
 * cage, and the cage is paused at once. Paths that begin to match a pattern are told.
 *
 * @see docs/interactive.md for what the user does then.
 */
export async function watchSessionMasks(
  session: WatchedSession,
  options: MaskWatchOptions,
): Promise<void> {
  const { container, masks, roots, patterns } = session;
  const { engine, io, signal, nowMs } = options;
  const warn = (text: string) => io.warn(text);
  await Promise.all([
    watchMasks({
      masks,
      signal,
      readMounts: createMountReader(container, { engine, nowMs }),
      pause: (losses) => stopSession(session, { ...options, losses }),
    }),
    watchNewMatches({ roots, patterns, warn, signal }),
  ]);
}

/** Pausing where nobody can go on would leave the caller waiting for ever. */
async function stopSession(
  session: WatchedSession,
  options: MaskWatchOptions & { losses: readonly MaskLoss[] },
): Promise<void> {
  const { container, attended } = session;
  const { engine, io, losses } = options;
  const isStopped = await engine.docker([attended ? "pause" : "kill", container])
    .then(({ code }) => code === 0, () => false);
  for (const line of formatLosses(losses)) io.warn(line);
  if (!isStopped) {
    io.warn(`The cage could not be stopped, remove it: docker rm -f ${container}`);
  } else if (attended) {
    io.warn(
      "The cage is paused. End it and start again to cover the path; to go on as it is: " +
        `docker unpause ${container}`,
    );
  } else {
    io.warn("The session was ended. Start it again to cover the path");
  }
}

/** Reads the mounts of a container whose process is looked up once, some time after its start. */
function createMountReader(
  container: string,
  options: { engine: Engine; nowMs: () => number },
): () => Promise<MountInfo[] | undefined> {
  const startedMs = options.nowMs();
  let first: { pid: number; container: string } | undefined;
  return async () => {
    if (options.nowMs() - startedMs < LOOKUP_DELAY_MS) return undefined;
    // An engine that is too busy to say is asked again; until then the host's side alone is watched.
    first ??= await findFirst(container, options.engine).catch(() => undefined);
    const mounts = first === undefined ? undefined : await readMountInfo(first);
    // Every cage has its home. Without it they are not a cage's mounts: the number of the process was
    // given to a helper of the engine, which is in the container's groups before it is inside.
    return mounts?.some(({ target }) => target === INSIDE.home) ? mounts : undefined;
  };
}

/** The first process of a container, and the id by which it can be told from a stranger. */
async function findFirst(
  container: string,
  engine: Engine,
): Promise<{ pid: number; container: string } | undefined> {
  const raw = (await inspectAll(engine, [container])).get(container)?.raw;
  const { Pid: pid } = (raw?.State ?? {}) as InspectedState & { Pid?: number };
  const id = raw?.Id;
  return pid === undefined || pid === 0 || typeof id !== "string" || id === ""
    ? undefined
    : { pid, container: id };
}
