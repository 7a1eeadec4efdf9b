import { join } from "node:path";
import { pause } from "../../src/pause.ts";
import { SAFETY_MS } from "../../src/promote/daemon.ts";
import { docker } from "../../tools/engine_state.ts";
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { say } from "../../tools/shell.ts";
import { exists } from "../e2e/support/files.ts";
import {
  findContainer,
  makePromoteWorld,
  openInside,
  start,
  status,
  until,
} from "../e2e/support/promote_world.ts";
import type { World } from "../e2e/support/world.ts";
import { formatBench, judge, type Target, type Timing } from "./measure.ts";

const ARRIVAL = "commit inside to file on host";
const IDLE = "idle poll, CPU";

const TARGETS: readonly Target[] = [
  { subject: ARRIVAL, limit: { ms: 1_500 } },
  { subject: IDLE, limit: { ms: 10 } },
];

/** Fewer say nothing about the middle. */
const LEAST_COMMITS = 20;
/** How often the host looks for a file, in milliseconds. */
const LOOK_MS = 5;
/** One poll of the default settings, and how many are measured. */
const INTERVAL_MS = 5_000;
const POLLS = 12;
/** Looks that find nothing. */
const LOOKS = 4;
/** The kernel's unit of a process's time on Linux, in milliseconds. */
const TICK_MS = 10;

/** Times a promote cage as users have it: default settings, its own process, a real engine. */
export async function benchPromoteLive(
  options: { rounds: number; json: boolean },
): Promise<string> {
  await ensureEngine({});
  await makeBundle();
  await using world = await makePromoteWorld("bench-promote");
  await start(world);
  const timings: Timing[] = [
    {
      name: ARRIVAL,
      samplesMs: await timeArrivals(world, Math.max(LEAST_COMMITS, options.rounds)),
    },
    { name: IDLE, samplesMs: [await measureIdle(world)] },
  ];
  const cleared = await world.sandcage(["clear"]);
  if (cleared.code !== 0) throw new Error(cleared.stderr);
  const verdicts = judge(timings, TARGETS);
  return options.json ? JSON.stringify({ timings, verdicts }) : formatBench(timings, verdicts);
}

/** From the moment `git commit` is called inside; both sides have one clock. */
async function timeArrivals(world: World, count: number): Promise<number[]> {
  const inside = await openInside(world);
  const samplesMs: number[] = [];
  for (let index = 0; index < count; index++) {
    await untilIdle(world);
    // The watch inside looks five times a second: at any point of its turn.
    await pause(Math.random() * 200);
    const file = `dir/file-${index}`;
    const commit = `mkdir -p dir; echo ${index} > ${file}; git add -A; date +%s%3N; ` +
      `git commit -qm 'commit ${index}'`;
    const arrived = untilThere(join(world.project, file));
    const committedMs = Number((await inside(commit)).trim());
    samplesMs.push(await arrived - committedMs);
  }
  return samplesMs;
}

async function untilThere(path: string): Promise<number> {
  while (!await exists(path)) await pause(LOOK_MS);
  return Date.now();
}

/** The last landing is over, and whoever told of it is. */
async function untilIdle(world: World): Promise<void> {
  await until("all has landed", async () => (await status(world)).state === "idle");
}

/**
 * Processor time of one poll in which nothing happens: of the process that looks, of all it starts,
 * of the watch inside; and its share of the looks that come for safety's sake, each of them a whole
 * one.
 */
async function measureIdle(world: World): Promise<number> {
  await untilIdle(world);
  const { id } = await status(world);
  const container = await findContainer(id);
  const pids = [await readDaemon(world, id), ...await listWatches(container)];
  say(`Watching ${pids.length} processes do nothing for ${POLLS * INTERVAL_MS / 1000} seconds`);
  const pollMs = await readSpentMs(pids, () => pause(POLLS * INTERVAL_MS)) / POLLS;
  const inside = await openInside(world);
  const lookingMs = await readSpentMs(pids, async () => {
    for (let look = 0; look < LOOKS; look++) {
      // It is told that something has moved, and finds nothing.
      await inside("touch .git/HEAD");
      await pause(INTERVAL_MS);
    }
  }) / LOOKS;
  say(`A poll takes ${pollMs.toFixed(1)} ms, one with a look ${lookingMs.toFixed(0)} ms`);
  return pollMs + (lookingMs - pollMs) * (INTERVAL_MS / SAFETY_MS);
}

async function readDaemon(world: World, id: string): Promise<number> {
  const record = join(world.state, "cages", id, "held", "promote.json");
  return JSON.parse(await Deno.readTextFile(record)).pid;
}

/** Process ids on the host of what watches in a container. */
async function listWatches(container: string): Promise<number[]> {
  const rows = (await docker(["top", container, "-eo", "pid,comm"])).trim().split("\n").slice(1);
  const found = rows.map((row) => row.trim().split(/\s+/)).filter(([, name]) => name === "perl");
  if (found.length === 0) throw new Error("Nothing watches in the container");
  return found.map(([pid]) => Number(pid));
}

async function readSpentMs(pids: readonly number[], act: () => Promise<void>): Promise<number> {
  const before = await readCpuMs(pids);
  await act();
  return await readCpuMs(pids) - before;
}

async function readCpuMs(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    // Behind the name: its own time in both modes, and that of children that have ended.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks * TICK_MS;
}
