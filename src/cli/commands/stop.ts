import { listCopyCages } from "../../copy/record.ts";
import { DESK } from "../../desk/desk.ts";
import { RUN } from "../../headless/run_key.ts";
import { settleRuns } from "../../headless/settle.ts";
import { type HeldKey, observeHeld } from "../../hold/held.ts";
import { endHold } from "../../hold/start.ts";
import { type ManagedObject, observeManaged } from "../../cage/inventory.ts";
import { reapOrphans } from "../../cage/reap.ts";
import { applyRemoval } from "../../cage/remove.ts";
import { markStopped } from "../../cage/stop_mark.ts";
import { listCageIds } from "../../cage/store.ts";
import { connectEngine } from "../../engine/connect.ts";
import type { Engine } from "../../engine/engine.ts";
import { EXIT } from "../../errors.ts";
import type { Host } from "../../host.ts";
import type { CommandContext } from "../context.ts";
import { findCageId, findCopyId } from "../cage_word.ts";
import { findCagesHere } from "../copy_choice.ts";
import { formatCount } from "../output.ts";
import { drainStopped } from "../promote_drain.ts";

/** How long a session may take to end after SIGTERM, in seconds. */
const STOP_SECONDS = 10;

/** Which cages to stop. */
export type StopOptions = {
  cages: string[];
  all: boolean;
  path?: string;
  /** Whether what they have committed is brought out. Defaults to true. */
  drains?: boolean;
};

/** `sandcage stop`: ends the sessions of cages; homes, files and images stay. */
export async function runStop(options: StopOptions, context: CommandContext): Promise<number> {
  const { host, io } = context;
  const engine = await connectEngine({ host, context: context.engineContext ?? null });
  const onRecord = await listCageIds(host.stateDir);
  const wanted = await findWanted(options, { host, engine, onRecord });
  const meant = options.all ? onRecord : wanted;
  // What is about to start has no container yet: it is told by the mark.
  await markStopped(host.stateDir, meant);
  const containers = await observeManaged(engine, ["container"]);
  // A gateway goes with its session: its client removes it, or the next command does. A courier is
  // no session and ends by itself.
  const chosen = containers.filter(({ cage, role }) =>
    role === undefined && (options.all || (cage !== undefined && wanted.includes(cage)))
  );
  const held = (await observeHolders(host.stateDir, meant))
    .filter(({ state }) => state.kind === "starting" || state.kind === "ready");
  for (const cageId of meant) await settleRuns(host.stateDir, { cageId, nowMs: Date.now() });
  if (chosen.length === 0 && held.length === 0) {
    if (options.drains !== false) await drainStopped(meant, context);
    io.talk(options.all ? "No sessions run" : `No sessions run in ${wanted.join(", ")}`);
    return EXIT.ok;
  }
  const count = Math.max(chosen.length, held.length);
  using step = io.progress(`Stopping ${formatCount(count, "session")}`);
  const failures = chosen.length === 0 ? [] : await stopContainers(chosen, engine);
  for (const { object, reason } of failures) io.warn(`Cannot stop ${object.title}: ${reason}`);
  const left = await endHolders(held.map(({ key }) => key), host.stateDir);
  for (const { cageId } of left) io.warn(`What holds ${cageId} does not end`);
  await reapOrphans(host.stateDir, { engine, io, nowMs: Date.now() });
  if (failures.length > 0 || left.length > 0) return EXIT.failed;
  step.done("stopped");
  if (options.drains !== false) await drainStopped(meant, context);
  return EXIT.ok;
}

async function findWanted(
  options: StopOptions,
  { host, engine, onRecord }: { host: Host; engine: Engine; onRecord: readonly string[] },
): Promise<string[]> {
  if (options.cages.length === 0) return await findCagesHere(options, host);
  const copies = (await listCopyCages(host.stateDir)).map(({ copy }) => copy);
  const containers = await observeManaged(engine, ["container"]);
  const known = [...new Set([...onRecord, ...containers.flatMap(({ cage }) => cage ?? [])])];
  return options.cages.map((word) => findCopyId(word, copies) ?? findCageId(word, known));
}

async function observeHolders(stateDir: string, cageIds: readonly string[]) {
  const keys = cageIds.flatMap((cageId) => [DESK, RUN].map((name): HeldKey => ({ cageId, name })));
  return await Promise.all(keys.map(async (key) => {
    return { key, state: await observeHeld(stateDir, key) };
  }));
}

/** A holder goes with its container, and takes gateway and network with it; one that is only about to start is told. */
async function endHolders(keys: readonly HeldKey[], stateDir: string): Promise<HeldKey[]> {
  const ended = await Promise.all(keys.map((key) => endHold(stateDir, key)));
  return keys.filter((_, index) => !ended[index]);
}

// SIGTERM first, so that agents can save; what still exists afterwards is removed.
async function stopContainers(containers: readonly ManagedObject[], engine: Engine) {
  await engine.docker(
    ["stop", "--time", String(STOP_SECONDS), ...containers.map(({ id }) => id)],
    { timeoutMs: (STOP_SECONDS * containers.length + 20) * 1000 },
  );
  return await applyRemoval(containers, { engine });
}
