import type { EntryKind } from "./entry.ts";
import type { TreeFs } from "./fs.ts";
import { checkEntryPath } from "./paths.ts";

/** How a path looked when a change was planned, as far as it tells a change of it. */
export type Was = { kind: EntryKind; size: number; mtimeMs: number; ctimeMs: number };

/**
 * One step of a commit. Every step can be taken again, and taken back, wherever it was cut: what
 * waits is in `new/`, what was replaced or removed in `old/`, named by the number of its step.
 */
export type Step =
  /** What is staged goes to its place, in place of what was. */
  | { do: "place"; path: string; kind: EntryKind; size: number; mtimeMs: number; was: Was | null }
  /** A directory goes only when it is empty; where something else comes in its place, it must. */
  | { do: "remove"; path: string; was: Was; must: boolean }
  | { do: "mode"; path: string; was: Was; mode: number; oldMode: number };

/** Names in a stage directory. */
export const STAGE = {
  /** The commit: from when it is there until it is gone, the steps are taken. */
  journal: "journal",
  /** What waits, at its own path. */
  fresh: "new",
  /** What was there before, by number of step. */
  old: "old",
  /** What could not go to its place after a crash; never removed by us. */
  kept: "kept",
} as const;

/** Bytes of a journal that are written or read at once. */
const CHUNK = 65_536;

/** Longest line of a journal that is read: a path and numbers. */
const MAX_LINE = 65_536;

/** A stage that cannot be used as it is; `message` says which and why. */
export class StageError extends Error {
  /** Makes the error from what is wrong. */
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "StageError";
  }
}

/** Writes the steps of a commit so that they survive a crash: all of them, or there is no journal. */
export function writeJournal(
  fs: TreeFs,
  stageDir: string,
  options: { steps: readonly Step[] },
): void {
  const path = `${stageDir}/${STAGE.journal}`;
  const file = fs.openNew(`${path}.tmp`, 0o600);
  try {
    let text = `${JSON.stringify({ schema: 1, steps: options.steps.length })}\n`;
    for (const step of options.steps) {
      text += `${JSON.stringify(step)}\n`;
      if (text.length < CHUNK) continue;
      file.write(new TextEncoder().encode(text));
      text = "";
    }
    file.write(new TextEncoder().encode(text));
    file.sync();
  } finally {
    file.close();
  }
  fs.rename(`${path}.tmp`, path);
  fs.syncDir(stageDir);
}

/**
 * Reads the steps of a commit; `undefined` when none was begun.
 *
 * @throws {StageError} If it is no journal of ours: then nothing may be done after it.
 */
export function findJournal(fs: TreeFs, stageDir: string): Step[] | undefined {
  const path = `${stageDir}/${STAGE.journal}`;
  const stat = fs.lstat(path);
  if (stat === undefined) return undefined;
  const broken = () => new StageError(`Cannot read the journal ${path}: it is not whole`);
  if (stat.kind !== "file") throw broken();
  const lines = readLines(fs, path);
  const head = parseLine(lines.next().value ?? "");
  const steps: Step[] = [];
  for (const line of lines) {
    const step = parseLine(line);
    if (!isStep(step)) throw broken();
    steps.push(step);
  }
  if (head?.["schema"] !== 1 || head["steps"] !== steps.length) throw broken();
  return steps;
}

function* readLines(fs: TreeFs, path: string): Generator<string, void> {
  const file = fs.openRead(path);
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(CHUNK);
    let rest = "";
    for (let count = file.read(buffer); count > 0; count = file.read(buffer)) {
      const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true }))
        .split("\n");
      rest = lines.pop()!;
      if (rest.length > MAX_LINE) return;
      yield* lines;
    }
  } finally {
    file.close();
  }
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

// In a cage the agent can write where the journal is: a step never leads out of the root.
function isStep(value: unknown): value is Step {
  if (typeof value !== "object" || value === null) return false;
  if (!("path" in value) || typeof value.path !== "string") return false;
  if (checkEntryPath(value.path, { platform: "linux" }) !== undefined) return false;
  if (!("do" in value) || !("was" in value)) return false;
  switch (value.do) {
    case "place":
      return (value.was === null || isWas(value.was)) && "kind" in value && isKind(value.kind);
    case "remove":
      return isWas(value.was);
    case "mode":
      return isWas(value.was) && "mode" in value && isMode(value.mode) && "oldMode" in value &&
        isMode(value.oldMode);
    default:
      return false;
  }
}

function isWas(value: unknown): value is Was {
  return typeof value === "object" && value !== null && "kind" in value && isKind(value.kind);
}

function isKind(value: unknown): value is EntryKind {
  return value === "file" || value === "dir" || value === "link";
}

function isMode(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 0o777;
}
