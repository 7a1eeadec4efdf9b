import { createRandom } from "../fuzz/random.ts";
import { docker } from "../../tools/engine_state.ts";
import { RUN_ID } from "../e2e/support/world.ts";
import { pause } from "../../src/pause.ts";
import type { Activity, OpenActivity } from "./activity.ts";
import { followEngine } from "./engine_events.ts";
import { takePhoto } from "./observe.ts";
import type { Growth } from "./growth.ts";
import {
  addDifferences,
  type Aspect,
  comparePhotos,
  type Difference,
  EMPTY_PHOTO,
  formatDifferences,
  keepCommon,
  type Photo,
} from "./photo.ts";
import { planFirstRound, planRounds, type Step } from "./plan.ts";
import type { Failure, Played, SoakReport } from "./report.ts";
import { watchResidents } from "./watch.ts";

/** How a run is made. */
export type SoakRun = {
  lengthMs: number;
  seed: number;
  /** Ends it after the play under way; what it made is removed all the same. */
  signal: AbortSignal;
  say(line: string): void;
};

/** How long what is under way may take to be gone, in milliseconds: a watch inside waits for 30 s. */
const SETTLE_MS = 45_000;
/** Time between two looks, in milliseconds. */
const LOOK_MS = 700;

/** How often what stands still is looked at before it counts. */
const STEADY_LOOKS = 4;

/**
 * What the first play of an activity may add: homes and records of cages that stay, and images. The
 * second must find them there.
 */
const ADDED_AT_FIRST: readonly Aspect[] = ["volume", "image", "state file"];

/** What a run keeps on the way. */
type Course = {
  /** What is open, by name. */
  open: Map<string, OpenActivity>;
  look(): Promise<Photo>;
  played: Played[];
  failures: Failure[];
  run: SoakRun;
};

/** Plays activities for the time given, and looks after each for what it left. */
export async function soak(activities: readonly Activity[], run: SoakRun): Promise<SoakReport> {
  const startedMs = performance.now();
  const dataDir = await docker(["info", "--format", "{{.DockerRootDir}}"]);
  await using events = followEngine(RUN_ID);
  const open = new Map<string, OpenActivity>();
  const look = async () => {
    const late = await Promise.all([...open.values()].map((activity) => activity.late?.() ?? []));
    return await takePhoto({ events, dataDir, late: late.flat() });
  };
  const course: Course = {
    open,
    look,
    played: [],
    failures: [],
    run,
  };
  const before = await course.look();
  const growth = await openAndPlay(activities, course);
  run.say("looking for what is left");
  const made = events.made();
  const { image, "temporary file": temporary } = await course.look();
  // They were counted when they came; images stay, and files go with the run's folder.
  const known = { ...before, image, "temporary file": temporary };
  await findLeft(course, { known, where: "in the end" });
  return {
    seed: run.seed,
    minutes: (performance.now() - startedMs) / 60_000,
    interrupted: run.signal.aborted,
    played: course.played,
    growth,
    failures: [
      ...course.failures,
      ...growth.filter(({ problem }) => problem !== undefined)
        .map(({ name, problem }): Failure => ({ kind: "growth", where: name, what: problem! })),
    ],
    made: {
      containers: made.containers.size,
      networks: made.networks.size,
      images: [...made.images].sort(),
    },
  };
}

/** Opens all, plays, and removes all, whatever happened. */
async function openAndPlay(activities: readonly Activity[], course: Course): Promise<Growth[]> {
  const { run, open } = course;
  const stack = new AsyncDisposableStack();
  try {
    for (const activity of activities) {
      if (run.signal.aborted) break;
      run.say(`opening ${activity.name}`);
      open.set(activity.name, stack.use(await activity.open()));
    }
    const order = activities.filter(({ name }) => open.has(name));
    return await playAll(course, order);
  } finally {
    run.say("removing all");
    open.clear();
    await stack.disposeAsync().catch((error: unknown) => {
      course.failures.push({ kind: "leak", where: "when all was removed", what: describe(error) });
    });
  }
}

async function playAll(course: Course, order: readonly Activity[]): Promise<Growth[]> {
  const { open, run, failures } = course;
  using watch = watchResidents([...open.values()].flatMap(({ residents }) => residents));
  let known = await lookSteadily(course);
  const step = async (step: Step, added: readonly Aspect[]) => {
    await playStep(course, step);
    known = await findLeft(course, { known, where: `${step.name} ${step.index}`, added });
    for (const what of watch.takeEnded()) failures.push({ kind: "end", where: step.name, what });
  };
  for (const first of planFirstRound(order, run.seed)) {
    if (!run.signal.aborted) await step(first, ADDED_AT_FIRST);
  }
  const deadline = performance.now() + run.lengthMs;
  for (const next of planRounds(order, run.seed)) {
    if (run.signal.aborted || performance.now() >= deadline) break;
    await step(next, []);
  }
  return watch.judge();
}

async function playStep({ open, played, failures, run }: Course, step: Step): Promise<void> {
  const startedMs = performance.now();
  let outcome = "";
  try {
    await open.get(step.name)!.play({ random: createRandom(step.seed), index: step.index });
  } catch (error) {
    // What an interrupt does to a play is not the product's fault.
    if (run.signal.aborted) return;
    const what = describe(error);
    failures.push({ kind: "play", where: `${step.name} ${step.index}`, what });
    outcome = ` FAILED: ${what}`;
  }
  const ms = performance.now() - startedMs;
  played.push({ name: step.name, ms });
  run.say(`${played.length} ${step.name} ${step.index}: ${(ms / 1000).toFixed(1)} s${outcome}`);
}

/** Says what is there beyond what is known, once it had time to go. Answers what is known now. */
async function findLeft(
  { look, failures, run }: Course,
  { known, where, added = [] }: { known: Photo; where: string; added?: readonly Aspect[] },
): Promise<Photo> {
  const expected = (left: readonly Difference[]) =>
    left.filter(({ aspect }) => !added.includes(aspect));
  const deadline = performance.now() + SETTLE_MS;
  let left = comparePhotos(known, await look());
  while (expected(left).length > 0 && performance.now() < deadline) {
    await pause(LOOK_MS);
    // What comes and goes between two looks is at work, not left.
    left = keepCommon(comparePhotos(known, await look()), left);
  }
  for (const what of formatDifferences(expected(left))) {
    failures.push({ kind: "leak", where, what });
    run.say(`LEFT by ${where}: ${what}`);
  }
  return addDifferences(known, left);
}

/** What is there at every one of several looks. */
async function lookSteadily({ look }: Course): Promise<Photo> {
  let steady = comparePhotos(EMPTY_PHOTO, await look());
  for (let count = 1; count < STEADY_LOOKS; count++) {
    await pause(LOOK_MS);
    steady = keepCommon(comparePhotos(EMPTY_PHOTO, await look()), steady);
  }
  return addDifferences(EMPTY_PHOTO, steady);
}

function describe(error: unknown): string {
  if (error instanceof SuppressedError) {
    return `${describe(error.error)}; ${describe(error.suppressed)}`;
  }
  return error instanceof Error ? error.message : String(error);
}
