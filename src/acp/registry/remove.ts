import type { ManagedObject } from "../../cage/inventory.ts";
import { applyRemoval, type RemovalFailure } from "../../cage/remove.ts";
import { listSessions } from "../../cage/sessions.ts";
import { findNearest } from "../../config/nearest.ts";
import type { Engine } from "../../engine/engine.ts";
import { EXIT, UserError } from "../../errors.ts";
import { type InstalledAgent, readInstalled } from "../../service/installed.ts";
import { observeOwned } from "./images.ts";
import { forgetAgent, removeUnusedArchives } from "./store.ts";

/** What was removed with an agent, and what was not. */
export type AgentRemoval = {
  agent: InstalledAgent;
  removed: ManagedObject[];
  failures: RemovalFailure[];
};

/**
 * Removes an installed agent: its images, its record, its archive; its homes only when asked. The
 * record goes last, so that a removal that was killed can be done again. The caller holds the lock.
 *
 * @throws {UserError} Code `service-unknown` if it is not installed; code `conflict` while sessions
 *   of it run.
 */
export async function removeAgent(
  id: string,
  options: { stateDir: string; engine: Engine; home: boolean },
): Promise<AgentRemoval> {
  const { stateDir, engine, home } = options;
  const agent = await readInstalledAgent(stateDir, id);
  await refuseLive(stateDir, id);
  const objects = [
    ...home ? await observeOwned("volume", { service: id, engine }) : [],
    ...await observeOwned("image", { service: id, engine }),
  ];
  const removed: ManagedObject[] = [];
  const failures = await applyRemoval(objects, {
    engine,
    onRemoved: (object) => removed.push(object),
  });
  await forgetAgent(stateDir, id);
  await removeUnusedArchives(stateDir);
  return { agent, removed, failures };
}

/**
 * Reads the record of one installed agent.
 *
 * @throws {UserError} Code `service-unknown`, with the nearest name.
 */
export async function readInstalledAgent(stateDir: string, id: string): Promise<InstalledAgent> {
  const { agents } = await readInstalled(stateDir);
  if (Object.hasOwn(agents, id)) return agents[id]!;
  const near = findNearest(id, Object.keys(agents));
  throw new UserError(`The agent "${id}" is not installed`, {
    hint: `${near === undefined ? "" : `Did you mean "${near}"? `}` +
      "See what is: sandcage acp installed",
    exit: EXIT.usage,
    code: "service-unknown",
  });
}

async function refuseLive(stateDir: string, id: string): Promise<void> {
  const live = (await listSessions(stateDir))
    .filter(({ live, record }) => live && record.service === id);
  if (live.length === 0) return;
  const cages = [...new Set(live.map(({ record }) => record.cageId))].join(", ");
  throw new UserError(`Cannot remove "${id}": sessions of it run in ${cages}`, {
    hint: "End them with: sandcage stop --all",
    exit: EXIT.conflict,
    code: "conflict",
  });
}
