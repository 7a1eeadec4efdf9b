/**
 * `deno task fuzz`: broken bytes for everything that reads what an agent, a host, a project or a disk
 * says, first one reader after the other, each in a process of its own, then against a running
 * gateway in a network of its own. What it takes is in flags.ts.
 */
import { ensureEngine, makeBundle } from "../../tools/prepare.ts";
import { print, say, show } from "../../tools/shell.ts";
import { findGatewayImage, takeProgram } from "../e2e/support/gateway_program.ts";
import { type FuzzFlags, HELP, parseFlags } from "./flags.ts";
import { runLive } from "./live/campaign.ts";
import { isolate } from "./live/network.ts";
import { LIVE_TARGETS } from "./live/targets.ts";
import { formatFindings, formatLive, formatOutcome, judgeOutcome } from "./report.ts";
import { runSupervised } from "./supervise.ts";
import type { Target } from "./target.ts";
import { findTargets } from "./targets.ts";

/** Of a budget, what the readers get where both parts run. */
const READERS_SHARE = 0.6;

Deno.exitCode = await main();

async function main(): Promise<number> {
  let flags: FuzzFlags | "help";
  try {
    flags = parseFlags(Deno.args);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 2;
  }
  if (flags === "help") {
    print(HELP);
    return 0;
  }
  if (flags.program !== undefined) return await runInside(flags, flags.program);
  const isLive = LIVE_TARGETS.some(({ name }) => name === flags.target);
  const readers = isLive || flags.only === "live" ? [] : findTargets(flags.target);
  const hasLive = flags.only !== "readers" && (flags.target === undefined || isLive);
  if (readers.length === 0 && !hasLive) {
    say(`There is no target ${JSON.stringify(flags.target)}; see --help`);
    return 2;
  }
  print(`Seed ${flags.seed}`);
  const share = readers.length > 0 && hasLive ? READERS_SHARE : 1;
  const startedMs = performance.now();
  const code = await runReaders(readers, flags, flags.budgetSeconds * share);
  if (!hasLive) return code;
  const left = flags.budgetSeconds - (performance.now() - startedMs) / 1000;
  return Math.max(code, await runIsolated(flags, left));
}

async function runReaders(
  targets: readonly Target[],
  flags: FuzzFlags,
  budgetSeconds: number,
): Promise<number> {
  const { seed } = flags;
  const endMs = performance.now() + budgetSeconds * 1000;
  let code = 0;
  for (const [index, target] of targets.entries()) {
    const startedMs = performance.now();
    const outcome = await runSupervised(target, {
      seed,
      cases: flags.index === undefined ? flags.cases : 1,
      first: flags.index ?? 0,
      // What one leaves over is for those behind it.
      budgetMs: Math.max(0, (endMs - startedMs) / (targets.length - index)),
    });
    print(formatOutcome(target, outcome, { seconds: (performance.now() - startedMs) / 1000 }));
    const findings = [...outcome.findings, ...judgeOutcome(target, outcome)];
    if (findings.length === 0) continue;
    print(formatFindings(findings, { seed }));
    code = 1;
  }
  return code;
}

async function runInside(
  flags: FuzzFlags,
  program: NonNullable<FuzzFlags["program"]>,
): Promise<number> {
  const outcome = await runLive(program, { ...flags, say });
  print(formatLive(outcome, { seed: flags.seed }));
  return outcome.findings.length === 0 ? 0 : 1;
}

async function runIsolated(flags: FuzzFlags, budgetSeconds: number): Promise<number> {
  await ensureEngine({});
  await makeBundle();
  const dir = await Deno.makeTempDir({ prefix: "sandcage-fuzz-" });
  try {
    const program = await takeProgram(dir, await findGatewayImage());
    const [command, args] = isolate([
      // Deno would look for a newer one of itself, and the decoy would see it.
      ...["env", "DENO_NO_UPDATE_CHECK=1", Deno.execPath(), "run", "-A", import.meta.filename!],
      ...[`--seed=${flags.seed}`, `--cases=${flags.cases}`],
      ...(flags.target === undefined ? [] : [`--target=${flags.target}`]),
      ...(Number.isFinite(budgetSeconds)
        ? [`--budget=${Math.max(1, Math.floor(budgetSeconds))}`]
        : []),
      ...[`--node=${program.node}`, `--bundle=${program.bundle}`],
    ]);
    return await show(command, args);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
