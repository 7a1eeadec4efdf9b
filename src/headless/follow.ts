import { pause } from "../pause.ts";
import type { RunRecord } from "./event.ts";
import { runDir, type SegmentKind } from "./run_files.ts";
import { isLiveState } from "./run_record.ts";
import { findLastRun, listRunIds, readRun } from "./runs.ts";
import { findTail, FIRST_PLACE, openSegments, type SegmentReader } from "./segment_reader.ts";
import { type Waker, watchDirectory } from "./wake.ts";

/** Longest time between two looks at a run that is watched, in milliseconds. */
const LOOK_MS = 200;

/** How long a run that was cut off is given for another to take its place, in milliseconds. */
const NEXT_MS = 30_000;

/** What is shown of the runs of a cage, and to whom. */
export type FollowOptions = {
  stateDir: string;
  cageId: string;
  /** Another run than the last, and no run after it. */
  runId?: string | undefined;
  kind: SegmentKind;
  /** Only the last lines of what is there already; all of it by default. */
  lines?: number | undefined;
  /** Goes on until the run has ended; by default what is there is all. */
  follow: boolean;
  signal?: AbortSignal | undefined;
  /** Defaults to half a minute. */
  nextMs?: number;
  /** A run begins to be shown. */
  onRun(record: RunRecord): void;
  /** Bytes of it: of events, whole lines. They are good until this returns. */
  onBytes(bytes: Uint8Array): void;
  /** What was shown was cut off: the next one is waited for, and may be there already. */
  onWait(record: RunRecord): void;
};

/**
 * Shows a run, and what its cage runs next if that has begun by the time the run is over, or within
 * half a minute where the run was cut off. The run must be there.
 *
 * @returns How the last run that was shown stands.
 */
export async function followRun(first: RunRecord, options: FollowOptions): Promise<RunRecord> {
  const { signal } = options;
  for (let run = first, lines = options.lines;; lines = undefined) {
    options.onRun(run);
    run = await showRun(run, { ...options, lines });
    if (!options.follow || options.runId !== undefined || signal?.aborted) return run;
    const next = await findNextRun(run, options);
    if (next === undefined) return run;
    run = next;
  }
}

/** The run that is meant; waits for the first one where that is wanted. */
export async function findRun(
  options: Pick<FollowOptions, "stateDir" | "cageId" | "runId" | "signal">,
  { waits }: { waits: boolean },
): Promise<RunRecord | undefined> {
  const { stateDir, cageId, runId, signal } = options;
  if (runId !== undefined) return await readRun(stateDir, { cageId, runId });
  for (;;) {
    const run = await findLastRun(stateDir, cageId);
    if (run !== undefined || !waits || signal?.aborted) return run;
    await pause(LOOK_MS, signal);
  }
}

async function showRun(run: RunRecord, options: FollowOptions): Promise<RunRecord> {
  const { stateDir, kind, lines, signal } = options;
  const key = { cageId: run.cageId, runId: run.id };
  const dir = runDir(stateDir, key);
  const from = lines === undefined ? FIRST_PLACE : await findTail(dir, kind, { lines });
  // Watched before it is read: nothing is written in between.
  using waker: Waker | undefined = options.follow ? watchDirectory(dir) : undefined;
  using reader = openSegments(dir, kind, { from });
  const take = kind === "events" ? wholeLines(options.onBytes) : options.onBytes;
  for (let known = run;;) {
    await drain(reader, { take, signal });
    if (signal?.aborted) return known;
    const now = await readRun(stateDir, key);
    known = now ?? known;
    if (waker === undefined || now === undefined || !isLiveState(now.state)) {
      // What was written before it ended.
      await drain(reader, { take, signal });
      return known;
    }
    await waker.wait(LOOK_MS, signal);
  }
}

async function drain(
  reader: SegmentReader,
  options: { take(bytes: Uint8Array): void; signal: AbortSignal | undefined },
): Promise<void> {
  while (options.signal?.aborted !== true) {
    const bytes = await reader.read();
    if (bytes === undefined) return;
    options.take(bytes);
  }
}

/** Passes on whole lines, as many at once as there are. */
function wholeLines(take: (lines: Uint8Array) => void): (bytes: Uint8Array) => void {
  let held: Uint8Array[] = [];
  return (bytes) => {
    const end = bytes.lastIndexOf(10) + 1;
    if (end > 0) {
      take(held.length === 0 ? bytes.subarray(0, end) : concat([...held, bytes.subarray(0, end)]));
      held = [];
    }
    if (end < bytes.length) held.push(bytes.slice(end));
  };
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

async function findNextRun(
  run: RunRecord,
  options: FollowOptions,
): Promise<RunRecord | undefined> {
  const { stateDir, cageId, signal, nextMs = NEXT_MS } = options;
  const untilMs = Date.now() + (run.state === "cut-off" ? nextMs : 0);
  if (run.state === "cut-off" && signal?.aborted !== true) options.onWait(run);
  for (;;) {
    for (const runId of await listRunIds(stateDir, cageId)) {
      if (runId <= run.id) continue;
      const next = await readRun(stateDir, { cageId, runId });
      if (next !== undefined) return next;
    }
    if (signal?.aborted || Date.now() >= untilMs) return undefined;
    await pause(LOOK_MS, signal);
  }
}
