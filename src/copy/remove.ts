import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { pause } from "../pause.ts";
import { lockTransfer } from "../transfer/target.ts";
import type { CopyRecord } from "./record.ts";
import { DESK } from "../desk/desk.ts";
import { RUN } from "../headless/run_key.ts";
import { lockLooks, PROMOTE } from "../promote/cage/names.ts";
import { endHold } from "../hold/start.ts";
import { type ManagedObject, observeManaged } from "../cage/inventory.ts";
import { applyRemoval, planRemoval } from "../cage/remove.ts";
import { listSessions } from "../cage/sessions.ts";
import { markStopped } from "../cage/stop_mark.ts";
import { cageDir } from "../cage/store.ts";

/** How much of a cage goes. */
export type RemoveOptions = {
  stateDir: string;
  /** Where its volumes are; `undefined` leaves everything there. */
  engine: Pick<Engine, "docker"> | undefined;
  /** Its volumes stay. Defaults to false. */
  keepVolumes?: boolean;
  /** The clone of its repository on the host stays. Defaults to false. */
  keepClone?: boolean;
  onRemoved?: (title: string) => void;
  /** Called when nothing of it is on the engine any more, while it is still on record. */
  onEmptied?: () => Promise<void>;
};

/** How long a session may take to end after SIGTERM, in seconds. */
const STOP_SECONDS = 10;

/** How long the client of an ended session may take to settle, in milliseconds. */
const SETTLE_MS = 15_000;

/**
 * Removes a cage: containers first, then networks and volumes, its record last. Of what is gone
 * already nothing is said, so an interrupted removal can be done again.
 *
 * @throws {UserError} If the engine keeps something; the record then stays, too.
 */
export async function removeCopyCage(copy: CopyRecord, options: RemoveOptions): Promise<void> {
  const { engine, stateDir } = options;
  // What is about to start has no container yet: it is told by the mark.
  await markStopped(stateDir, [copy.id]);
  {
    // A look that runs on would bring a removed volume back, empty.
    await endHold(stateDir, { cageId: copy.id, name: PROMOTE });
    using _looks = await lockLooks(cageDir(stateDir, copy.id));
    using _transfer = await lockTransfer({ dir: cageDir(stateDir, copy.id), name: copy.name });
    if (engine !== undefined) await removeSoon(copy, { ...options, engine });
  }
  for (const name of [DESK, RUN]) await endHold(stateDir, { cageId: copy.id, name });
  await waitForClients(copy.id, stateDir);
  await options.onEmptied?.();
  await removeFiles(cageDir(stateDir, copy.id), { keepClone: options.keepClone === true });
}

/** A container of a look that has just ended may still hold the volume for a moment. */
async function removeSoon(
  copy: CopyRecord,
  options: RemoveOptions & { engine: Pick<Engine, "docker"> },
): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await removeFromEngine(copy, options);
    } catch (error) {
      if (!(error instanceof UserError) || tries === MOST_TRIES) throw error;
      await pause(RETRY_MS);
    }
  }
}

/** How often what is in use is tried to be removed, and the pause between, in milliseconds. */
const MOST_TRIES = 4;
const RETRY_MS = 500;

async function removeFromEngine(
  copy: CopyRecord,
  options: RemoveOptions & { engine: Pick<Engine, "docker"> },
): Promise<void> {
  const { engine, keepVolumes = false } = options;
  const kinds = ["container", "network", ...(keepVolumes ? [] : ["volume"] as const)] as const;
  const objects = planRemoval(
    (await observeManaged(engine, kinds)).filter(({ cage }) => cage === copy.id),
  );
  const running = objects.filter((object) => object.running === true && object.role === undefined);
  // Agents may want to save; what still exists afterwards is removed.
  if (running.length > 0) {
    await engine.docker(["stop", "--time", String(STOP_SECONDS), ...running.map(({ id }) => id)], {
      timeoutMs: (STOP_SECONDS * running.length + 20) * 1000,
    });
  }
  const failures = await applyRemoval(objects, {
    engine,
    onRemoved: ({ title }) => options.onRemoved?.(title),
  });
  if (failures.length === 0) return;
  const list = failures.map(({ object, reason }) => `${describe(object)}: ${reason}`).join("\n");
  throw new UserError(`Cannot remove everything of the cage "${copy.name}":\n${list}`, {
    hint: `End what uses it, then run it again: sandcage destroy ${copy.name}`,
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

function describe({ kind, title }: ManagedObject): string {
  return `${kind} ${title}`;
}

/** A client writes down how its session ended: into a directory that must not come back. */
async function waitForClients(id: string, stateDir: string): Promise<void> {
  const endMs = performance.now() + SETTLE_MS;
  while (performance.now() < endMs) {
    if (!(await listSessions(stateDir, id)).some(({ live }) => live)) return;
    await pause(100);
  }
}

/** Files that say that there is a cage: they go last. */
const RECORDS = ["cage.json", "copy.json"];

async function removeFiles(dir: string, options: { keepClone: boolean }): Promise<void> {
  const names = await listNames(dir);
  const kept = options.keepClone ? ["repo"] : [];
  const rest = names.filter((name) => !RECORDS.includes(name) && !kept.includes(name));
  for (const name of [...rest, ...RECORDS]) await removeAll(join(dir, name));
  if (!kept.some((name) => names.includes(name))) await removeAll(dir);
}

async function listNames(dir: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
