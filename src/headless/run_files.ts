import { join } from "node:path";
import { cageDir } from "../cage/store.ts";

/** Which run: the one of an id in a cage. */
export type RunKey = { cageId: string; runId: string };

/** Files of one run on the host. */
export type RunFiles = {
  dir: string;
  /** How it stands: a RunRecord. */
  record: string;
  /** Held by the process that writes the run down. */
  lock: string;
  /** Room on the disk for the last word of a run that filled it. */
  spare: string;
  /** What the agent is asked; removed when the run ends. */
  prompt: string;
  /** What the agent said on stderr. */
  stderr: string;
};

/** Two kinds of segments: events as JSON lines, and the bytes they were read from. */
export type SegmentKind = "events" | "raw";

/** Where a cage keeps its runs. */
export function runsDir(stateDir: string, cageId: string): string {
  return join(cageDir(stateDir, cageId), "runs");
}

/** Where a run keeps its files. */
export function runDir(stateDir: string, { cageId, runId }: RunKey): string {
  return join(runsDir(stateDir, cageId), runId);
}

/** Files of the run in `dir`. */
export function runFiles(dir: string): RunFiles {
  return {
    dir,
    record: join(dir, "run.json"),
    lock: join(dir, "lock"),
    spare: join(dir, "spare"),
    prompt: join(dir, "prompt"),
    stderr: join(dir, "stderr.log"),
  };
}

/** Path of a segment; `number` counts from 1. */
export function segmentPath(dir: string, kind: SegmentKind, options: { number: number }): string {
  const digits = String(options.number).padStart(3, "0");
  return join(dir, kind === "events" ? `events.${digits}.jsonl` : `raw.${digits}.log`);
}

/** An id that sorts by the time of its launch: `20260131t081500-1a2b3c`. */
export function newRunId(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\..*$/g, "").toLowerCase();
  return `${time}-${crypto.randomUUID().slice(0, 6)}`;
}

/** Whether a name is that of a run's directory, and nothing that leaves its parent. */
export function isRunId(name: string): boolean {
  return /^\d{8}t\d{6}-[0-9a-f]{6}$/.test(name);
}
