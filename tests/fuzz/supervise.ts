import type { Outcome } from "./campaign.ts";
import type { ChildNews, ChildOrder } from "./child.ts";
import { makeCase } from "./play.ts";
import { addTally, emptyTally } from "./tally.ts";
import type { Target } from "./target.ts";

/** A child that says nothing for so long hangs; every case ends far earlier. In milliseconds. */
const SILENT_MS = 20_000;
/** The same for one input, its start included. */
const ONCE_MS = 8_000;
/** Cases that are looked through one by one when one of them hangs: more than run in between. */
const BLOCK = 100_000;
/** Most tries to make an input that hangs shorter: each takes {@link ONCE_MS}. */
const MOST_TRIES = 12;

const CHILD = new URL("./child.ts", import.meta.url).pathname;

/** How a child went: what it said, and where it was when it did not end by itself. */
type Ran = { done: Extract<ChildNews, { tally: unknown }> | undefined; at: number; how: string };

/**
 * Runs a campaign of one target in a process of its own. A case that never ends, or that takes the
 * process with it, is found, told, and the campaign goes on behind it.
 */
export async function runSupervised(
  target: Target,
  options: { seed: number; cases: number; first?: number; budgetMs?: number },
): Promise<Outcome> {
  const { seed, cases, first = 0, budgetMs = Infinity } = options;
  const endMs = performance.now() + budgetMs;
  const outcome: Outcome = { cases: 0, tally: emptyTally(), findings: [] };
  const order = { target: target.name, seed, budgetMs: 1e9, every: false };
  for (let next = first; next < first + cases;) {
    const left = Math.min(1e9, endMs - performance.now());
    const ran = await runChild({
      ...order,
      first: next,
      cases: first + cases - next,
      budgetMs: left,
    });
    if (ran.done !== undefined) {
      await add(outcome, ran.done, order);
      return outcome;
    }
    // Where it was is known to a few cases: they are looked through one by one.
    const near = await runChild({ ...order, first: ran.at, cases: BLOCK, every: true });
    if (near.done !== undefined) {
      await add(outcome, near.done, order);
      next = ran.at + BLOCK;
      continue;
    }
    const { bytes, draw } = makeCase(target, { seed, index: near.at });
    const input = await shrinkHang(target, { bytes, draw });
    outcome.findings.push({ target: target.name, index: near.at, problem: near.how, input, draw });
    // What came before it has died untold.
    const before = await runChild({ ...order, first: next, cases: near.at - next });
    if (before.done !== undefined) await add(outcome, before.done, order);
    outcome.cases++;
    next = near.at + 1;
  }
  return outcome;
}

async function add(
  outcome: Outcome,
  done: NonNullable<Ran["done"]>,
  order: { target: string; seed: number; budgetMs: number; every: boolean },
): Promise<void> {
  outcome.cases += done.cases;
  outcome.tally = addTally(outcome.tally, done.tally);
  for (const finding of done.findings) {
    // A machine that has other work is slow, too: it has to be seen again by a process of its own.
    if (isOfTime(finding.problem)) {
      const again = await runChild({ ...order, first: finding.index, cases: 1 });
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
  target: Target,
  { bytes, draw }: { bytes: Uint8Array<ArrayBuffer>; draw: number },
): Promise<Uint8Array> {
  let best = bytes;
  let size = best.length >> 1;
  for (let tries = 0; tries < MOST_TRIES && size > 0;) {
    let isShorter = false;
    for (let at = 0; at < best.length && tries < MOST_TRIES; at += size, tries++) {
      const rest = [...best.subarray(0, at), ...best.subarray(at + size)];
      const input = new Uint8Array(rest).toBase64();
      const { how } = await runChild({ target: target.name, draw, input }, ONCE_MS);
      if (how !== "") {
        best = new Uint8Array(rest);
        isShorter = true;
        break;
      }
    }
    if (!isShorter) size >>= 1;
  }
  return best;
}

/** Runs a child to its end, or to that of our patience. */
async function runChild(order: ChildOrder, patienceMs = SILENT_MS): Promise<Ran> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", CHILD, JSON.stringify(order)],
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
