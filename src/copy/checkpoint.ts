import { EXIT, UserError } from "../errors.ts";
import type { Checkpoint, Courier } from "../transfer/types.ts";
import type { CopyRecord } from "./record.ts";
import { listSessions } from "../cage/sessions.ts";

/** The name of a checkpoint that nobody named: when it was taken, in UTC. Pure. */
export function formatCheckpointName(
  now: Date,
  options: { taken: readonly string[]; prefix?: string },
): string {
  const { taken, prefix = "" } = options;
  const [date, time] = now.toISOString().split("T") as [string, string];
  const name = `${prefix}${date}-${time.slice(0, 8).replaceAll(":", "")}`;
  let free = name;
  for (let count = 2; taken.includes(free); count++) free = `${name}-${count}`;
  return free;
}

/**
 * Brings a checkpoint back. What is there now becomes a checkpoint first.
 *
 * @returns That checkpoint.
 * @throws {UserError} If there is none of the name.
 */
export async function restoreCheckpoint(
  courier: Pick<Courier, "checkpoint" | "checkpoints" | "restore">,
  name: string,
  options: { now: Date },
): Promise<Checkpoint> {
  const names = (await courier.checkpoints()).map((one) => one.name);
  if (!names.includes(name)) throw missingCheckpoint(name, names);
  const saved = await courier.checkpoint(
    formatCheckpointName(options.now, { taken: names, prefix: "before-restore-" }),
  );
  await courier.restore(name);
  return saved;
}

/** The error for a name that no checkpoint has. Pure. */
export function missingCheckpoint(name: string, names: readonly string[]): UserError {
  return new UserError(`There is no checkpoint ${JSON.stringify(name)}`, {
    hint: names.length === 0
      ? "There is none yet; take one: sandcage checkpoint"
      : `There are: ${names.join(", ")}`,
    exit: EXIT.usage,
    code: "usage",
  });
}

/**
 * Refuses to change all files of a cage under what runs in it.
 *
 * @throws {UserError} Of code `conflict`, while a session runs.
 */
export async function requireStopped(
  copy: Pick<CopyRecord, "id" | "name">,
  options: { stateDir: string; purpose: string },
): Promise<void> {
  const live = (await listSessions(options.stateDir, copy.id)).filter((session) => session.live);
  if (live.length === 0) return;
  const services = [...new Set(live.map(({ record }) => record.service))].join(", ");
  throw new UserError(`Cannot ${options.purpose} while "${copy.name}" runs: ${services}`, {
    hint: `End it first: sandcage stop ${copy.name}`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}
