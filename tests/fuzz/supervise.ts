import type { Outcome } from "./campaign.ts";
import type { ChildNews, ChildOrder } from "./child.ts";
import { makeCase } from "./play.ts";
import { addTally, emptyTally } from "./tally.ts";
import type { Target } from "./target.ts";

/** A child that says nothing for so long hangs; every case ends far earlier. In milliseconds. */
const SILENT_MS = 40_000;
/** The same for one input, its start included. */
const ONCE_MS = 8_000;
/** Cases that are looked through one by one when one of them hangs: more than run in between. */
const BLOCK = 100_000;
/** Most tries to make an input that hangs shorter: each takes {@link ONCE_MS}. */
const MOST_TRIES = 12;

/** The program that runs a campaign, and how long it may say nothing. */
export type Child = { command: readonly [string, ...string[]]; silentMs: number; onceMs: number };

const CHILD: Child = {
  command: [
    ...[Deno.execPath(), "run", "-A", "--no-check"] as const,
    new URL("./child.ts", import.meta.url).pathname,
  ],
  silentMs: SILENT_MS,
  onceMs: ONCE_MS,
};

/** How a child went: what it said, and where it was when it did not end by itself. */
type Ran = { done: Extract<ChildNews, { tally: unknown }> | undefined; at: number; how: string };

/**
 * Runs a campaign of one target in a process of its own. A case that never ends, or that takes the
 * process with it, is found, told, and the campaign goes on behind it.
 */
export async function runSupervised(
  target: Target,
  options: { seed: number; cases: number; first?: number; budgetMs?: number; child?: Child },
): Promise<Outcome> {
  const { seed, cases, first = 0, budgetMs = Infinity, child = CHILD } = options;
  const run = (order: ChildOrder) => runChild(child, order);
  const endMs = performance.now() + budgetMs;
  const outcome: Outcome = { cases: 0, tally: emptyTally(), findings: [] };
  const order = { target: target.name, seed, budgetMs: 1e9, every: false };
  const again = (index: number) => run({ ...order, first: index, cases: 1 });
  for (let next = first; next < first + cases;) {
    const left = Math.min(1e9, endMs - performance.now());
    const ran = await run({
      ...order,
      first: next,
      cases: first + cases - next,
      budgetMs: left,
    });
    if (ran.done !== undefined) {
      await add(outcome, ran.done, again);
      return outcome;
    }
    // Where it was is known to a few cases: they are looked through one by one.
    const block = Math.min(BLOCK, first + cases - ran.at);
    const near = await run({ ...order, first: ran.at, cases: block, every: true });
    // What came before it has died untold.
    const until = near.done === undefined ? near.at : ran.at;
    const before = await run({ ...order, first: next, cases: until - next });
    if (before.done !== undefined) await add(outcome, before.done, again);
    if (near.done !== undefined) {
      await add(outcome, near.done, again);
      next = ran.at + block;
      continue;
    }
    const { bytes, draw } = makeCase(target, { seed, index: near.at });
    const input = await shrinkHang(
      bytes,
      (rest) => run({ target: target.name, draw, input: rest.toBase64() }),
    );
    outcome.findings.push({ target: target.name, index: near.at, problem: near.how, input, draw });
    outcome.cases++;
    next = near.at + 1;
  }
  return outcome;
}

async function add(
  outcome: Outcome,
  done: NonNullable<Ran["done"]>,
  runAgain: (index: number) => Promise<Ran>,
): Promise<void> {
  outcome.cases += done.cases;
  outcome.tally = addTally(outcome.tally, done.tally);
  for (const finding of done.findings) {
    // A machine that has other work is slow, too: it has to be seen again by a process of its own.
    if (isOfTime(finding.problem)) {
      const again = await runAgain(finding.index);
      if (again.done?.findings.some(({ problem }) => isOfTime(problem)) === false) continue;
    }
    outcome.findings.push({ ...finding, input: Uint8Array.fromBase64(finding.input) });
  }
}

function isOfTime(problem: string): boolean {
  return /^(?:it took|time grows) /.test(problem);
}

/** Half and half again, as long as it still hangs. */
async function shrinkHang(
  bytes: Uint8Array<ArrayBuffer>,
  run: (bytes: Uint8Array) => Promise<Ran>,
): Promise<Uint8Array> {
  let best = bytes;
  let size = best.length >> 1;
  for (let tries = 0; tries < MOST_TRIES && size > 0;) {
    let isShorter = false;
    for (let at = 0; at < best.length && tries < MOST_TRIES; at += size, tries++) {
      const rest = new Uint8Array([...best.subarray(0, at), ...best.subarray(at + size)]);
      if ((await run(rest)).how === "") continue;
      best = rest;
      isShorter = true;
      break;
    }
    if (!isShorter) size >>= 1;
  }
  return best;
}

/** Runs a child to its end, or to that of our patience. */
async function runChild({ command, ...waits }: Child, order: ChildOrder): Promise<Ran> {
  const patienceMs = "input" in order ? waits.onceMs : waits.silentMs;
  const [program, ...args] = command;
  const child = new Deno.Command(program, {
    args: [...args, JSON.stringify(order)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).spawn();
  const ran: Ran = { done: undefined, at: "first" in order ? order.first : 0, how: "" };
  let isAnswered = false;
  const hang = () => {
    ran.how = `nothing came of it for ${patienceMs / 1000} s`;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(hang, patienceMs);
  let rest = "";
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    clearTimeout(timer);
    timer = setTimeout(hang, patienceMs);
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const news = JSON.parse(line) as ChildNews;
      if ("at" in news) ran.at = news.at;
      else if ("tally" in news) ran.done = news;
      else isAnswered = true;
    }
  }
  const { code } = await child.status;
  clearTimeout(timer);
  const isWhole = ran.done !== undefined || isAnswered;
  if (!isWhole && ran.how === "") ran.how = `the process ended with ${code}`;
  return ran;
}
