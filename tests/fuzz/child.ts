/**
 * One campaign of one target in a process of its own, which may hang or die: `child.ts JSON` reads a
 * {@link ChildOrder} and says a {@link ChildNews} a line. The supervisor (supervise.ts) starts it.
 */
import { runTarget } from "./campaign.ts";
import { findProblem } from "./play.ts";
import type { Tally } from "./tally.ts";
import type { Finding } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** What is to be done: cases of a campaign, or the same input once more. */
export type ChildOrder =
  | { target: string; seed: number; first: number; cases: number; budgetMs: number; every: boolean }
  | { target: string; draw: number; input: string };

/** What is said of it. */
export type ChildNews =
  | { at: number }
  | { problem: string | null }
  | { cases: number; tally: Tally; findings: (Omit<Finding, "input"> & { input: string })[] };

/** How often it is said where it is, in milliseconds. */
const SAY_MS = 200;

if (import.meta.main) run(JSON.parse(Deno.args[0]!) as ChildOrder);

function run(order: ChildOrder): void {
  const target = TARGETS.find(({ name }) => name === order.target);
  if (target === undefined) throw new Error(`There is no target ${order.target}`);
  if ("input" in order) {
    const bytes = Uint8Array.fromBase64(order.input);
    return say({ problem: findProblem(target, { bytes, draw: order.draw }) ?? null });
  }
  let saidMs = -Infinity;
  const outcome = runTarget(target, {
    ...order,
    endMs: performance.now() + order.budgetMs,
    onCase(index) {
      if (!order.every && performance.now() - saidMs < SAY_MS) return;
      saidMs = performance.now();
      say({ at: index });
    },
  });
  say({
    ...outcome,
    findings: outcome.findings.map((finding) => ({
      ...finding,
      input: (finding.input ?? new Uint8Array()).toBase64(),
    })),
  });
}

function say(news: ChildNews): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(news)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
