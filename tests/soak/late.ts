import assert from "node:assert/strict";
import { type KnownSession, listSessions } from "../../src/cage/sessions.ts";
import { pause } from "../../src/pause.ts";
import type { World } from "../e2e/support/world.ts";

/** What sandcage keeps of a session that was killed before it had a container, and for how long. */
export type Late = {
  /** Start of the paths of its files. */
  files: string;
  network?: string;
};

/** LATE_START_MS of src/cage/reap.ts, in milliseconds, and a moment more. */
const LATE_MS = 61_000;
/** A container that was being started is there by then, in milliseconds. */
const START_MS = 1_500;

/**
 * Has the next command clear up after a killed session, as a user would see it. What compose was about
 * to start at that moment comes a moment later, and is the business of the command after that.
 *
 * @throws If a command fails.
 */
export async function clearUp(world: World): Promise<void> {
  await runCommand(world);
  if ((await listDead(world)).length === 0) return;
  await pause(START_MS);
  await runCommand(world);
}

/** Sessions without a client that are on record still. */
export async function listLate(worlds: readonly World[]): Promise<Late[]> {
  const dead = await Promise.all(worlds.map(listDead));
  return dead.flat().map(({ path, record }) => ({
    files: path.replace(/\.json$/, ""),
    ...(record.network === undefined ? {} : { network: record.network }),
  }));
}

/**
 * Whatever is on record for longer than it may be is gone after one command.
 *
 * @throws If it is not.
 */
export async function settleLate(worlds: readonly World[]): Promise<void> {
  for (const world of worlds) {
    const old = (await listDead(world)).filter(isOld);
    if (old.length === 0) continue;
    await runCommand(world);
    const left = (await listDead(world)).map(({ path }) => path);
    assert.deepEqual(old.filter(({ path }) => left.includes(path)), [], "records outlive a minute");
  }
}

/** Waits until all is old enough, and has it cleared up. */
export async function endLate(worlds: readonly World[]): Promise<void> {
  const dead = (await Promise.all(worlds.map(listDead))).flat();
  const youngest = Math.max(0, ...dead.map(({ record }) => Date.parse(record.startedAt)));
  await pause(Math.max(0, youngest + LATE_MS - Date.now()));
  await settleLate(worlds);
}

async function listDead(world: World): Promise<KnownSession[]> {
  return (await listSessions(world.state)).filter(({ live }) => !live);
}

function isOld({ record }: KnownSession): boolean {
  return Date.now() - Date.parse(record.startedAt) >= LATE_MS;
}

async function runCommand(world: World): Promise<void> {
  const { code, stderr } = await world.sandcage(["shell", "--", "true"]);
  assert.equal(code, 0, stderr);
}
