import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import type { Io } from "../io.ts";
import { type MountInfo, readMountInfo } from "../workspace/mount_info.ts";
import type { WatchedMask } from "../workspace/types.ts";
import { formatLosses, watchMasks } from "../workspace/watch.ts";
import type { InspectedState } from "./outcome.ts";

/**
 * How long after its start a container's process is looked up, in milliseconds. A session that is
 * over by then costs no engine call; until then the host's side alone is watched.
 */
const LOOKUP_DELAY_MS = 1500;

/**
 * Watches the masks of a running session: when the host loses one, the kernel drops its mount in the
 * cage, and the cage is paused at once.
 *
 * @see docs/interactive.md for what the user does then.
 */
export async function watchSessionMasks(
  session: { container: string; masks: readonly WatchedMask[] },
  options: { engine: Engine; io: Pick<Io, "warn">; signal: AbortSignal; nowMs: () => number },
): Promise<void> {
  const { container, masks } = session;
  const { engine, io, signal, nowMs } = options;
  await watchMasks({
    masks,
    signal,
    readMounts: createMountReader(container, { engine, nowMs }),
    async pause(losses) {
      const paused = await engine.docker(["pause", container]);
      for (const line of formatLosses(losses)) io.warn(line);
      io.warn(
        paused.code === 0
          ? `The cage is paused. Start the session again to cover it; to go on as it is: ` +
            `docker unpause ${container}`
          : `The cage could not be paused, end the session: docker rm -f ${container}`,
      );
    },
  });
}

/** Reads the mounts of a container whose process is looked up once, some time after its start. */
function createMountReader(
  container: string,
  options: { engine: Engine; nowMs: () => number },
): () => Promise<MountInfo[] | undefined> {
  const startedMs = options.nowMs();
  let pid: number | undefined;
  return async () => {
    if (options.nowMs() - startedMs < LOOKUP_DELAY_MS) return undefined;
    pid ??= await findPid(container, options.engine);
    return pid === undefined ? undefined : await readMountInfo(pid);
  };
}

async function findPid(container: string, engine: Engine): Promise<number | undefined> {
  const found = (await inspectAll(engine, [container])).get(container);
  const state = found?.raw.State as InspectedState & { Pid?: number } | undefined;
  return state?.Pid === 0 ? undefined : state?.Pid;
}
