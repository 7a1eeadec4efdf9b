import type { GatewayProgram } from "../../e2e/support/gateway_program.ts";
import { mutate } from "../mutate.ts";
import { createRandom, seedOf } from "../random.ts";
import type { Finding } from "../target.ts";
import { runControls } from "./control.ts";
import { LIVE_TARGETS, type LiveTarget } from "./targets.ts";
import { type Resources, waitForRest } from "./resources.ts";
import { type FuzzWorld, startFuzzWorld } from "./world.ts";

/** Connections at a time. */
const AT_ONCE = 24;
/** Parts of a campaign: after each the gateway rests, and what it holds is looked at. */
const ROUNDS = 4;

/** What a live campaign showed. */
export type LiveOutcome = {
  cases: Map<string, number>;
  findings: Finding[];
  /** At the start and after each round. */
  resources: Resources[];
  decisions: Map<string, number>;
  arrivals: FuzzWorld["arrivals"];
};

/** Plays cases against a gateway of its own; to be called inside of the namespace. */
export async function runLive(
  program: GatewayProgram,
  options: {
    seed: number;
    cases: number;
    /** Ends after so long, whatever is left. */
    budgetSeconds: number;
    target?: string | undefined;
    say(text: string): void;
  },
): Promise<LiveOutcome> {
  const endMs = performance.now() + options.budgetSeconds * 1000;
  const targets = LIVE_TARGETS.filter(({ name }) => (options.target ?? name) === name);
  await using world = await startFuzzWorld(program);
  const outcome: LiveOutcome = {
    cases: new Map(),
    findings: [],
    resources: [],
    decisions: world.decisions,
    arrivals: world.arrivals,
  };
  const note = (target: string, index: number) => (error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    outcome.findings.push({ target, index, problem });
  };
  await runControls(world);
  outcome.resources.push(await waitForRest(world.pid, undefined));
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) {
      const share = options.target === undefined ? target.share / 100 : 1;
      const cases = Math.ceil(options.cases * share / ROUNDS);
      const startedMs = performance.now();
      const first = round * cases;
      const played = await playRound(target, {
        ...{ world, seed: options.seed, first, cases, endMs, note },
      });
      outcome.cases.set(target.name, (outcome.cases.get(target.name) ?? 0) + played);
      if (world.isAlive()) await world.reload().catch(note(target.name, -1));
      if (world.isAlive()) await runControls(world).catch(note(`${target.name}, control`, -1));
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      options.say(`  round ${round + 1}, ${target.name}: ${played} cases, ${seconds} s`);
      for (const problem of world.problems.splice(0)) note(`${target.name}, world`, -1)(problem);
      if (!world.isAlive()) return outcome;
    }
    outcome.resources.push(await waitForRest(world.pid, outcome.resources[0]));
  }
  const problem = judgeResources(outcome.resources);
  if (problem !== undefined) note("resources", -1)(problem);
  return outcome;
}

type Playing = {
  world: FuzzWorld;
  seed: number;
  first: number;
  cases: number;
  endMs: number;
  note(target: string, index: number): (error: unknown) => void;
};

/** Plays cases of one target, several at a time; stops when the gateway is gone. */
async function playRound(target: LiveTarget, playing: Playing): Promise<number> {
  const { world, seed, first, cases, endMs, note } = playing;
  let next = first;
  const isOver = () => performance.now() > endMs;
  const work = async () => {
    while (next < first + cases && world.isAlive() && !isOver()) {
      const index = next++;
      const random = createRandom(seedOf(seed, { target: target.name, index }));
      const bytes = mutate(random, target.material);
      await target.play(bytes, { authority: world.authority, random })
        .catch(note(target.name, index));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return next - first;
}

/** Most that may be held more after the last round than after the one before, in bytes. */
const MOST_GROWTH = 24 * 1024 * 1024;
/** Sockets toward hosts that are kept for the next request, and what Node opens by itself. */
const MOST_FILES = 16;

/** What a leak looks like: files that stay open, memory that grows with every round. Pure. */
export function judgeResources(resources: readonly Resources[]): string | undefined {
  const [first, last, before] = [resources[0], resources.at(-1), resources.at(-2)];
  if (first === undefined || last === undefined || before === undefined) return undefined;
  if (last.files > first.files + MOST_FILES) {
    return `${last.files} files are open at rest, ${first.files} were at the start`;
  }
  if (last.bytes > before.bytes + MOST_GROWTH) {
    return `memory grew from ${before.bytes} to ${last.bytes} bytes in one round`;
  }
  return undefined;
}
