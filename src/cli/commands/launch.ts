import { parseDurationMs } from "../../config/units.ts";
import { EXIT, UserError } from "../../errors.ts";
import { startHolder } from "../../headless/holder_process.ts";
import type { LaunchedRun } from "../../headless/launch.ts";
import { type PromptSource, readPrompt } from "../../headless/prompt.ts";
import { RUN } from "../../headless/run_key.ts";
import { readRun } from "../../headless/runs.ts";
import { endHold } from "../../hold/start.ts";
import type { CommandContext } from "../context.ts";
import { formatJson } from "../output.ts";

/** What is launched, as typed. */
export type LaunchOptions = {
  cage?: string | undefined;
  path?: string;
  service?: string | undefined;
  prompt?: string | undefined;
  promptFile?: string | undefined;
  background: boolean;
  /** Only to see whether it can. */
  isTest: boolean;
  injectMessaging: boolean;
  timeout?: string | undefined;
  budget?: string | undefined;
  json: boolean;
  /** For the agent. */
  args: readonly string[];
};

/** Longest time that a run can be given, in milliseconds: a year. */
const LONGEST_MS = 366 * 24 * 3_600_000;

/** `sandcage launch`: an agent works alone on a prompt. */
export async function runLaunch(options: LaunchOptions, context: CommandContext): Promise<number> {
  const { cage, path, service, isTest, background, json } = options;
  const { host, signals } = context;
  const timeoutMs = options.timeout === undefined ? undefined : parseTimeout(options.timeout);
  const budgetUsd = options.budget === undefined ? undefined : parseBudget(options.budget);
  const source = isTest ? undefined : planSource(options);
  // It gets ready while this process finds out what is to be run.
  const holder = context.holder ?? await startHolder(host);
  try {
    const { findRunTarget } = await import("../run_target.ts");
    const { projectPath, ...target } = await findRunTarget({
      ...(cage === undefined ? {} : { cage }),
      ...(service === undefined ? {} : { service }),
      ...(path === undefined ? {} : { path }),
    }, context);
    const wishes = { args: options.args, timeoutMs, budgetUsd };
    const withSignal = signals === undefined ? context : { ...context, signal: signals.signal };
    if (source === undefined) {
      const { testLaunch } = await import("./launch_test.ts");
      return await testLaunch({ ...target, ...wishes }, {
        ...withSignal,
        ...{ holder, json, projectPath },
      });
    }
    const prompt = await readPrompt(source, { cwd: host.cwd, stdin: Deno.stdin.readable });
    const { launchRun } = await import("../../headless/launch.ts");
    const launched = await launchRun({
      ...target,
      ...wishes,
      prompt,
      hasMail: options.injectMessaging,
    }, { ...withSignal, holder });
    if (background) return sayLaunched(launched, { json, context });
    return await followLaunched(launched, { json, context });
  } catch (error) {
    holder.dismiss();
    throw error;
  }
}

function sayLaunched(
  { runId, cageId, title, container }: LaunchedRun,
  { json, context: { io } }: { json: boolean; context: CommandContext },
): number {
  if (json) io.out(formatJson({ run: runId, cage: title, id: cageId, container }));
  else io.out(runId);
  io.talk(`At work. Look at it: sandcage logs ${title} -f; end it: sandcage stop ${title}`);
  return EXIT.ok;
}

/**
 * Shows a run until it has ended. An interrupt asks it to end; a terminal that is closed leaves it
 * running.
 */
export async function followLaunched(
  { runId, cageId, title }: LaunchedRun,
  { json, context }: { json: boolean; context: CommandContext },
): Promise<number> {
  const { host, io } = context;
  const leaving = new AbortController();
  let asked: number | undefined;
  using _signals = hearSignals(context, {
    onStop(code) {
      if (asked !== undefined) return leaving.abort();
      asked = code;
      io.talk(
        `Ending the agent of ${title}, which may take some seconds; once more leaves it at that`,
      );
      void endHold(host.stateDir, { cageId, name: RUN });
    },
    onHangup: () => leaving.abort(),
  });
  const signals = { signal: leaving.signal, handOver: () => ({ [Symbol.dispose]() {} }) };
  const { runLogs } = await import("./logs.ts");
  await runLogs({
    cage: cageId,
    run: runId,
    follow: true,
    form: json ? "json" : "pretty",
  }, { ...context, signals });
  const run = await readRun(host.stateDir, { cageId, runId });
  if (asked !== undefined) return asked;
  if (leaving.signal.aborted) return EXIT.terminated;
  return run?.exit ?? EXIT.failed;
}

function hearSignals(
  { signals }: CommandContext,
  { onStop, onHangup }: { onStop(code: number): void; onHangup(): void },
): Disposable {
  const handed = signals?.handOver();
  const listeners: [Deno.Signal, () => void][] = [["SIGINT", () => onStop(EXIT.interrupted)]];
  if (Deno.build.os !== "windows") {
    listeners.push(["SIGTERM", () => onStop(EXIT.terminated)], ["SIGHUP", onHangup]);
  }
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
      handed?.[Symbol.dispose]();
    },
  };
}

function planSource({ prompt, promptFile }: LaunchOptions): PromptSource {
  if (prompt !== undefined && promptFile !== undefined) {
    throw usage("--prompt and --prompt-file contradict each other", "Give one");
  }
  if (prompt !== undefined) return { kind: "text", text: prompt };
  if (promptFile !== undefined) return { kind: "file", path: promptFile };
  throw usage(
    "There is no prompt",
    "Give it with -p TEXT, or --prompt-file FILE; - is stdin. " +
      "Or see whether an agent can work at all: --test",
  );
}

function parseTimeout(text: string): number {
  const ms = /^\d{1,12}(ms|s|m|h|d)$/.test(text) ? parseDurationMs(text) : NaN;
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw usage(`Cannot read --timeout ${JSON.stringify(text)}`, "Give a duration: 90s, 30m, 2h");
}

function parseBudget(text: string): number {
  const usd = /^\$?\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text.replace("$", "")) : NaN;
  if (usd > 0) return usd;
  throw usage(`Cannot read --budget ${JSON.stringify(text)}`, "Give an amount in USD: 5, 0.50");
}

function usage(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.usage, code: "usage" });
}
