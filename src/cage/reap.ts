import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import type { Io } from "../io.ts";
import { pause } from "../pause.ts";
import { removeSessionNetwork } from "./session_network.ts";
import { forgetSession, type KnownSession, listSessions, type SessionRecord } from "./sessions.ts";

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
  const present = await inspectAll(
    options.engine,
    orphans.flatMap(({ record }) => containersOf(record)),
  );
  let reaped = 0;
  for (const orphan of orphans) {
    const containers = containersOf(orphan.record).filter((name) => present.has(name));
    if (containers.length > 0) {
      const removed = await options.engine.docker(["rm", "--force", "--volumes", ...containers]);
      if (removed.code !== 0 && !await areGone(containers, options.engine)) {
        options.io.warn(`Cannot remove ${containers.join(" and ")}: ${removed.stderr.trim()}`);
        continue;
      }
      reaped += containers.length;
    } else if (isLateStartPossible(orphan, options.nowMs)) {
      continue;
    }
    const { network } = orphan.record;
    if (network !== undefined) await removeSessionNetwork(network, options.engine);
    await forgetSession(stateDir, orphan.record);
  }
  if (reaped > 0) {
    options.io.talk(`Removed ${reaped} container${reaped === 1 ? "" : "s"} of killed sessions`);
  }
  return reaped;
}

/** How often and after which pause it is looked again, in milliseconds. */
const LOOKS = 10;
const LOOK_MS = 200;

/** A gateway whose client died ends by itself: the engine may be removing it at this moment. */
async function areGone(names: readonly string[], engine: Engine): Promise<boolean> {
  for (let looked = 0; looked < LOOKS; looked++) {
    if ((await inspectAll(engine, names)).size === 0) return true;
    await pause(LOOK_MS);
  }
  return false;
}

function containersOf({ container, gateway }: SessionRecord): string[] {
  return gateway === undefined ? [container] : [container, gateway];
}

function isLateStartPossible({ record }: KnownSession, nowMs: number): boolean {
  return nowMs - Date.parse(record.startedAt) < LATE_START_MS;
}
