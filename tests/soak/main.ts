/**
 * `deno task soak`: sandcage used in every way for an hour, one thing at a time, on the real engine.
 * What stays behind after any of it, and any long-lived process that grows, is a failure. Needs root.
 */
import { join } from "node:path";
import { bundle } from "../../tools/bundle.ts";
import { ensureDebian, ensureEngine } from "../../tools/prepare.ts";
import { print, say } from "../../tools/shell.ts";
import { findLeaks, removeLeaks } from "../../tools/testing/leaks.ts";
import { RUN_ID, RUN_ROOT } from "../e2e/support/world.ts";
import { ACTIVITIES } from "./activities.ts";
import { formatUsage, parseSoakOptions, type SoakOptions } from "./options.ts";
import { formatJsonReport, formatReport } from "./report.ts";
import { soak } from "./soak.ts";

Deno.exitCode = await main();

async function main(): Promise<number> {
  const names = ACTIVITIES.map(({ name }) => name);
  let options: SoakOptions | "help";
  try {
    options = parseSoakOptions(Deno.args, names);
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n\n${formatUsage(names)}`);
    return 2;
  }
  if (options === "help") {
    print(formatUsage(names));
    return 0;
  }
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const end = () => {
      // The second one ends at once.
      Deno.removeSignalListener(signal, end);
      say("Ending after what is under way; once more ends at once and leaves everything");
      interrupt.abort();
    };
    Deno.addSignalListener(signal, end);
  }
  try {
    return await runSoak(options, interrupt.signal);
  } finally {
    await removeLeaks(await findLeaks(RUN_ID, RUN_ROOT));
    await Deno.remove(RUN_ROOT, { recursive: true });
  }
}

async function runSoak(options: SoakOptions, signal: AbortSignal): Promise<number> {
  const { only = ACTIVITIES.map(({ name }) => name) } = options;
  await Deno.mkdir(RUN_ROOT, { recursive: true, mode: 0o755 });
  say(`Run ${RUN_ID}, seed ${options.seed}`);
  await prepare();
  const startedMs = performance.now();
  const report = await soak(ACTIVITIES.filter(({ name }) => only.includes(name)), {
    lengthMs: options.lengthMs,
    seed: options.seed,
    signal,
    say: (line) => say(`[${formatClock(performance.now() - startedMs)}] ${line}`),
  });
  print(options.json ? formatJsonReport(report) : formatReport(report));
  return report.failures.length > 0 ? 1 : signal.aborted ? 130 : 0;
}

/** Engine, images that tests name themselves, and a bundle that no other build touches. */
async function prepare(): Promise<void> {
  const state = join(RUN_ROOT, "prepare", "state");
  await Deno.mkdir(state, { recursive: true });
  await ensureEngine({ SANDCAGE_HOME: state });
  await ensureDebian(state);
  if (Deno.env.get("SANDCAGE_E2E_PROGRAM") === undefined) {
    const program = join(RUN_ROOT, "dist");
    await bundle(program);
    Deno.env.set("SANDCAGE_E2E_PROGRAM", program);
  }
}

function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
