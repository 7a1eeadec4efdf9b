import { dirname, join } from "node:path";
import type { ClientObservation } from "../engine/client.ts";
import { PING_ARGS, PING_TIMEOUT_MS } from "../engine/docker.ts";
import type { ProcessResult, Run } from "../engine/process.ts";
import { EXIT, unreachable, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Io, Progress } from "../io.ts";
import type { SetupStep } from "./engine_plan.ts";
import { createStepError } from "./step_error.ts";

/** Deadline of one program: a slow mirror and a slow disk. In milliseconds. */
const STEP_TIMEOUT_MS = 15 * 60_000;
/** How long a started daemon may take to answer, in milliseconds. */
const START_TIMEOUT_MS = 60_000;
/** Pause between two questions whether it answers, in milliseconds. */
const POLL_MS = 250;
/** How many lines of a log an error shows. */
const LOG_LINES = 8;

/** What the steps act through. */
export type ApplyOptions = {
  host: Pick<Host, "stateDir">;
  io: Pick<Io, "progress" | "warn">;
  run: Run;
  /** Upper bound for the daemon to answer. Defaults to 60 000. */
  startTimeoutMs?: number;
};

/**
 * Carries out the steps in order, each visible; everything programs print lands in
 * `setup-engine.log` below the state directory.
 *
 * @throws {UserError} Exit 4, with the log's path, at the first step that fails.
 */
export async function applyEngine(
  steps: readonly SetupStep[],
  options: ApplyOptions,
): Promise<void> {
  await Deno.mkdir(options.host.stateDir, { recursive: true, mode: 0o700 });
  const log = join(options.host.stateDir, "setup-engine.log");
  for (const step of steps) {
    using progress = options.io.progress(step.title);
    await applyStep(step, { ...options, log, progress });
    progress.done();
  }
}

type StepOptions = ApplyOptions & { log: string; progress: Progress };

async function applyStep(step: SetupStep, options: StepOptions): Promise<void> {
  switch (step.kind) {
    case "write":
      try {
        return await writeSystemFile(step.path, step.text);
      } catch (error) {
        if (!step.optional || !(error instanceof UserError)) throw error;
        return options.io.warn(`${step.title} failed: ${error.message}`);
      }
    case "remove":
      return await Deno.remove(step.path).catch(ignoreAbsent);
    case "run": {
      const result = await runLogged(step.command, options);
      if (result.code === 0) return;
      if (step.optional) return options.io.warn(`${step.title} failed; see ${options.log}`);
      throw createStepError(step.title, { ...result, log: options.log });
    }
    case "start":
      return await startDaemon(step, options);
    default:
      return unreachable(step);
  }
}

async function writeSystemFile(path: string, text: string): Promise<void> {
  const temp = `${path}.sandcage-tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(temp, text, { mode: 0o644 });
    await Deno.rename(temp, path);
  } catch (cause) {
    await Deno.remove(temp).catch(() => {}); // Where nothing can be written nothing is left.
    throw new UserError(`Cannot write ${path}`, {
      hint: "Run sandcage setup engine as root on a writable system",
      exit: EXIT.engine,
      code: "engine-missing",
      cause,
    });
  }
}

async function runLogged(command: string[], options: StepOptions): Promise<ProcessResult> {
  const [program = "", ...args] = command;
  await appendLog(options.log, `\n$ ${command.join(" ")}\n`);
  const result = await options.run(program, args, {
    timeoutMs: STEP_TIMEOUT_MS,
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
    onOutput: (text) => options.progress.update(lastLine(text)),
  }).catch((error: unknown): ProcessResult => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { code: 127, stdout: "", stderr: `${program}: not found\n`, timedOut: false };
  });
  await appendLog(options.log, result.stdout + result.stderr);
  return result;
}

async function startDaemon(
  step: SetupStep & { kind: "start" },
  options: StepOptions,
): Promise<void> {
  const { run, startTimeoutMs = START_TIMEOUT_MS } = options;
  if (await isAnswering(run)) return; // Installing its package may have started it.
  const logStart = step.log === null ? 0 : await observeSize(step.log);
  let pid: number | undefined;
  if (step.command.length > 0) {
    const result = await runLogged(step.command, options);
    if (result.code !== 0) throw createStepError(step.title, { ...result, log: options.log });
    pid = step.log === null ? undefined : Number.parseInt(result.stdout, 10);
  }
  const endMs = performance.now() + startTimeoutMs;
  while (!await isAnswering(run)) {
    const dead = pid !== undefined && !await isRunning(pid);
    if (dead || performance.now() > endMs) {
      throw await createStartError({ dead, log: step.log, logStart });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function isAnswering(run: Run): Promise<boolean> {
  const result = await run("docker", PING_ARGS, { timeoutMs: PING_TIMEOUT_MS })
    .catch(() => undefined); // No client yet is no answer either.
  return result?.code === 0;
}

/** A zombie nobody waits for still has a directory in /proc. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

async function createStartError(
  { dead, log, logStart }: { dead: boolean; log: string | null; logStart: number },
): Promise<UserError> {
  const text = log === null ? "" : await Deno.readTextFile(log).catch(() => "");
  const lines = text.slice(logStart).trim().split("\n").slice(-LOG_LINES).join("\n");
  const where = log === null ? "journalctl -u docker" : log;
  return new UserError(
    dead ? "Docker Engine ended while starting" : "Docker Engine did not answer in time",
    {
      hint: `${lines === "" ? "" : `${lines}\n`}The whole log: ${where}`,
      exit: EXIT.engine,
      code: dead ? "engine-unreachable" : "engine-timeout",
    },
  );
}

async function observeSize(path: string): Promise<number> {
  return (await Deno.readTextFile(path).catch(() => "")).length;
}

async function appendLog(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { append: true, mode: 0o600 });
}

function lastLine(text: string): string {
  return text.split(/[\r\n]/).filter((line) => line.trim() !== "").at(-1)?.trim() ?? "";
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** One line about what is there, for the end of set-up. Pure. */
export function formatReady(client: Omit<ClientObservation, "info">): string {
  return `Docker Engine ${client.server}, Compose ${client.compose?.version}, ` +
    `buildx ${client.buildx?.version}: everything is there`;
}
