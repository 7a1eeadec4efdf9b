import type { CageContext } from "../cage/prepare.ts";
import { readStopMark } from "../cage/stop_mark.ts";
import { parseDurationMs } from "../config/units.ts";
import { waitForStart } from "../engine/start_event.ts";
import { EXIT, UserError } from "../errors.ts";
import { removeIfPresent } from "../files.ts";
import { heldFiles } from "../hold/held.ts";
import { holdLockedSession, takeHeldLock } from "../hold/hold.ts";
import { openRunLog, type RunLog } from "./log_store.ts";
import type { HolderWord, RunOrder } from "./order.ts";
import { type AskedEnd, createAskedEnd } from "./asked_end.ts";
import { createRunAgent, type RunAgent } from "./run_agent.ts";
import {
  cutOff,
  decideRunEnd,
  type EndFacts,
  type EndOfRun,
  overBudget,
  stopped,
  timedOut,
} from "./run_end.ts";
import { runDir, type RunFiles, runFiles } from "./run_files.ts";
import { createRunMail, type RunMail } from "./run_mail.ts";
import { createRunNotes, quietIo, type RunNotes } from "./run_notes.ts";
import { conflict, RUN } from "./run_key.ts";
import { type PreparedRun, prepareRun } from "./run_prepare.ts";
import { pruneRuns } from "./runs.ts";
import { settleRuns } from "./settle.ts";
import { openStderrLog, type StderrLog } from "./stderr_log.ts";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

/** What the holder of a run needs from outside. */
export type HolderContext = CageContext & {
  /** Aborted when this process is asked to end. */
  signal: AbortSignal;
  /** Answers whoever launched it, while that one listens. */
  tell(word: HolderWord): void;
};

/** Something is to be done that takes long, or takes a person: not here, where nobody looks. */
export class NeedsHands extends Error {}

/** How long an agent over ACP may take to end by itself when it has answered, in milliseconds. */
const ANSWERED_MS = 3_000;

/** What one run is written to. */
type Papers = {
  order: RunOrder;
  files: RunFiles;
  log: RunLog;
  stderr: StderrLog;
  notes: RunNotes;
};

/**
 * Holds one run from its launch to its end: the body of a process of its own. A launch that comes to
 * nothing is told, and leaves no run.
 *
 * @returns The exit code of the run.
 * @throws {UserError} If it never ran.
 */
export async function holdRun(order: RunOrder, context: HolderContext): Promise<number> {
  const { cageId, runId } = order;
  const { host } = context;
  const files = runFiles(runDir(host.stateDir, { cageId, runId }));
  const lock = await takeHeldLock(heldFiles(host.stateDir, { cageId, name: RUN }));
  if (lock === undefined) {
    await Deno.remove(files.dir, { recursive: true });
    throw conflict(order.title);
  }
  using _held = lock;
  await settleRuns(host.stateDir, { cageId, nowMs: Date.now() });
  const run = { id: runId, cageId, service: order.service };
  const end = await writeRun(files, { run }, async (log, stderr) => {
    const notes = createRunNotes(log, {
      tell: (said) => log.record.state === "starting" ? context.tell({ said }) : undefined,
    });
    const quiet = { ...context, io: quietIo(context.io, notes) };
    const prepared = await prepareRun(order, quiet);
    return await runAgent(prepared, { order, files, log, stderr, notes }, { context: quiet });
  });
  return end.exit;
}

/** Keeps the record of a run while it lasts; one that never ran leaves none. */
async function writeRun(
  files: RunFiles,
  { run }: { run: { id: string; cageId: string; service: string } },
  body: (log: RunLog, stderr: StderrLog) => Promise<EndOfRun>,
): Promise<EndOfRun> {
  let hasRun = false;
  try {
    using log = await openRunLog(files.dir, { run, nowMs: Date.now });
    using stderr = openStderrLog(files.stderr);
    try {
      const end = await body(log, stderr);
      hasRun = true;
      const { state, ...how } = end;
      log.setState(state, how);
      return end;
    } catch (error) {
      hasRun = log.record.state !== "starting";
      if (hasRun) log.setState("failed", { exit: EXIT.bug, reason: `${error}` });
      throw error;
    }
  } finally {
    if (hasRun) await removeIfPresent(files.prompt);
    else await Deno.remove(files.dir, { recursive: true });
  }
}

async function runAgent(
  prepared: PreparedRun,
  papers: Papers,
  { context }: { context: HolderContext },
): Promise<EndOfRun> {
  const { cage, plan } = prepared;
  const { order, log, notes } = papers;
  const { signal, host } = context;
  const over = new AbortController();
  const asked = createAskedEnd(cage.engine, over.signal);
  signal.throwIfAborted();
  const hearEnd = () => asked.noteOnly(stopped());
  signal.addEventListener("abort", hearEnd, { once: true });
  using watchdog = createWatchdog({
    timeoutMs: order.timeoutMs,
    idleMs: parseDurationMs(cage.config.headless.idle_timeout),
  }, { onBite: (reason) => asked.end(timedOut(reason)) });
  const mail = createRunMail(cage, {
    isWanted: order.hasMail,
    onMessage(message) {
      watchdog.touch();
      notes.keep(() => log.append([message]));
    },
    onSaid: notes.say,
  });
  const agent = planAgent(prepared, papers, { asked, watchdog });
  let found: Pick<EndFacts, "end" | "clientCode"> | undefined;
  let failure: unknown;
  try {
    await holdLockedSession(cage, {
      name: RUN,
      command: plan.command,
      stopMark: order.stopMark,
      onSaid: notes.say,
      onReady: (container) => begin(container, prepared, { papers, context, mail, watchdog }),
      onEnd(told) {
        found = told;
        // It was over before the engine had told of its start.
        if (told.end.kind === "exited") asked.ready();
      },
      open(command, { container, ready }) {
        const client = agent.open(command);
        asked.running({ container, signal: client.signal, ready });
        waitForStart(cage.engine, { container, signal: over.signal })
          .then((hasStarted) => hasStarted ? asked.ready() : undefined);
        return { ...client, exit: client.exit.finally(() => over.abort()) };
      },
    }, { context: { host, io: context.io, takeSignals: () => ({ [Symbol.dispose]() {} }) } });
  } catch (error) {
    failure = error;
  } finally {
    over.abort();
    signal.removeEventListener("abort", hearEnd);
    await mail.close();
  }
  if (log.record.state === "starting") throw failure ?? notStarted(order.title);
  if (failure !== undefined && !(failure instanceof UserError)) throw failure;
  return asked.how() ??
    (found === undefined ? cutOff(failure?.message ?? "the engine let go of it") : decideRunEnd({
      ...found,
      isStopped: await readStopMark(host.stateDir, order.cageId) !== order.stopMark,
      driven: agent.driven(),
      costUsd: log.record.usage.costUsd,
      budgetUsd: order.budgetUsd,
      memory: cage.config.limits.memory,
    }));
}

/** Its container runs: everything that waits for that. */
function begin(
  container: string,
  { promoted }: PreparedRun,
  options: { papers: Papers; context: HolderContext; mail: RunMail; watchdog: Watchdog },
): void {
  const { papers: { log, order, notes }, context, mail, watchdog } = options;
  log.setState("running");
  context.tell({ ready: { container } });
  watchdog.start();
  mail.open(container);
  pruneRuns(context.host.stateDir, { cageId: order.cageId }).catch(() => {});
  if (promoted === undefined) return;
  import("../promote/cage/hold.ts").then(({ ensurePromoter }) => ensurePromoter(promoted, context))
    .catch((error) => notes.say(`Its commits do not land by themselves: ${error.message}`));
}

function planAgent(
  { cage, plan }: PreparedRun,
  { order, files, log, stderr, notes }: Papers,
  options: { asked: AskedEnd; watchdog: Watchdog },
): RunAgent {
  const { asked, watchdog } = options;
  const { budgetUsd } = order;
  return createRunAgent({
    format: plan.format,
    promptPath: files.prompt,
    cwd: cage.workspace.insidePath,
    log,
  }, {
    onWord: (events) => watchdog.touch(events),
    onStderr(line) {
      watchdog.touch();
      notes.keep(() => stderr.write(line));
      notes.note(line);
    },
    onCost(costUsd) {
      if (budgetUsd === undefined || costUsd <= budgetUsd) return;
      asked.end(overBudget({ costUsd, budgetUsd }));
    },
    onAnswered: () => asked.endLater(ANSWERED_MS),
    onUnkept: (error) =>
      asked.end({
        state: "failed",
        exit: EXIT.failed,
        reason: error instanceof Error ? error.message : `${error}`,
      }),
  });
}

function notStarted(title: string): UserError {
  return new UserError(`${title} was stopped before it had started`, { code: "interrupted" });
}
