import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import { removeIfPresent } from "../files.ts";
import type { Io } from "../io.ts";
import { type KnownSession, listSessions } from "./sessions.ts";

/**
 * How long a dead client's session without a container is kept on record, in milliseconds: its
 * compose process may still live and start the container after all.
 */
const LATE_START_MS = 60_000;

/**
 * Removes the containers of clients that died without a goodbye (kill -9, a crash, a closed
 * laptop). Costs no engine call when there is none. The container goes first, its record last.
 *
 * @returns How many containers were removed.
 */
export async function reapOrphans(
  stateDir: string,
  options: { engine: Engine; io: Pick<Io, "talk" | "warn">; nowMs: number },
): Promise<number> {
  const orphans = (await listSessions(stateDir))
    .filter(({ live, record }) => !live && record.engine === options.engine.title);
  if (orphans.length === 0) return 0;
  const present = await inspectAll(options.engine, orphans.map(({ record }) => record.container));
  let reaped = 0;
  for (const orphan of orphans) {
    const { container } = orphan.record;
    if (present.has(container)) {
      const removed = await options.engine.docker(["rm", "--force", "--volumes", container]);
      if (removed.code !== 0) {
        options.io.warn(`Cannot remove container ${container}: ${removed.stderr.trim()}`);
        continue;
      }
      reaped++;
    } else if (isLateStartPossible(orphan, options.nowMs)) {
      continue;
    }
    await removeIfPresent(orphan.path);
  }
  if (reaped > 0) {
    options.io.talk(`Removed ${reaped} container${reaped === 1 ? "" : "s"} of killed sessions`);
  }
  return reaped;
}

function isLateStartPossible({ record }: KnownSession, nowMs: number): boolean {
  return nowMs - Date.parse(record.startedAt) < LATE_START_MS;
}
