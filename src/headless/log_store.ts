import { ensurePrivateDir, tryLockFile } from "../files.ts";
import type { AgentEvent, LoggedEvent, RunRecord, RunState } from "./event.ts";
import { limitEvent } from "./limit.ts";
import { formatLoggedEvent } from "./parse_event.ts";
import { runFiles } from "./run_files.ts";
import { isLiveState, mergeUsage, summarizeEvent } from "./run_record.ts";
import { createRecordWriter, type RecordWriter } from "./record_writer.ts";
import { openSegmentWriter } from "./segment_writer.ts";

/** How a run ended, besides its state. */
export type RunEnd = { exit?: number; reason?: string };

/**
 * Writes one run down; its holder has it, nobody else. Everything is on record when a call returns,
 * in the order of the calls. Disposing it is {@link close}.
 */
export type RunLog = Disposable & {
  readonly record: Readonly<RunRecord>;
  /**
   * Keeps bytes as the agent sent them, line ends included. What is given at once stays in one
   * segment, so whole lines are given.
   *
   * @throws {UserError} Code `disk-full`; nothing of it is kept, and the record says why.
   */
  appendRaw(bytes: Uint8Array): void;
  /**
   * Numbers events and keeps them; `done` events add to the record's usage. Texts of more than a
   * million characters are cut.
   *
   * @throws {UserError} Code `disk-full`; none of them is kept, and the record says why.
   */
  append(events: readonly AgentEvent[]): LoggedEvent[];
  /** Changes the state, at once on the disk. A state that is none of a live run ends the run. */
  setState(state: RunState, end?: RunEnd): void;
  /** Lets go of the run. One without an end of its own is cut off. */
  close(): void;
};

/** What a new run is. */
export type RunLogOptions = {
  run: Pick<RunRecord, "id" | "cageId" | "service">;
  /** Milliseconds since 1970, of now. */
  nowMs(): number;
  /** Size of a segment in bytes. Defaults to 16 MiB. */
  segmentBytes?: number;
};

/**
 * Opens the log of a new run in `dir`, which may be there already with the prompt in it. The run is
 * listed from now on, as `starting`.
 *
 * @throws If there is a log in `dir` already.
 */
export async function openRunLog(dir: string, options: RunLogOptions): Promise<RunLog> {
  const { run, nowMs } = options;
  await ensurePrivateDir(dir);
  const files = runFiles(dir);
  const lock = await tryLockFile(files.lock);
  if (lock === undefined) throw new Error(`Somebody else writes the run in ${dir}`);
  using resources = new DisposableStack();
  resources.use(lock);
  const events = resources.use(openSegmentWriter(dir, "events", options));
  const raw = resources.use(openSegmentWriter(dir, "raw", options));
  let record: RunRecord = {
    schema: 1,
    ...run,
    state: "starting",
    startedAt: new Date(nowMs()).toISOString(),
    usage: {},
    events: 0,
  };
  const writer: RecordWriter = resources.use(createRecordWriter(files));
  writer.writeNow(record);
  const held = resources.move();
  const encoder = new TextEncoder();
  const keeping = <T>(keep: () => T): T => {
    try {
      return keep();
    } catch (error) {
      if (error instanceof Error) record = { ...record, reason: error.message };
      writer.writeNow(record);
      throw error;
    }
  };
  const close = () => held.dispose();
  return {
    get record() {
      return record;
    },
    appendRaw: (bytes) => keeping(() => raw.write(bytes)),
    append(added) {
      if (added.length === 0) return [];
      const at = new Date(nowMs()).toISOString();
      const logged = added.map((event, index): LoggedEvent => {
        return { seq: record.events + index + 1, at, ...limitEvent(event) };
      });
      const lines = logged.map(formatLoggedEvent).join("");
      keeping(() => events.write(encoder.encode(lines)));
      record = {
        ...record,
        events: record.events + added.length,
        usage: mergeUsage(record.usage, added),
        last: summarizeEvent(added.at(-1)!),
        lastAt: at,
      };
      writer.writeSoon(() => record);
      return logged;
    },
    setState(state, end = {}) {
      record = { ...record, state, ...end };
      if (!isLiveState(state)) {
        record = { ...record, endedAt: new Date(nowMs()).toISOString() };
        events.sync();
        raw.sync();
      }
      writer.writeNow(record);
    },
    close,
    [Symbol.dispose]: close,
  };
}
