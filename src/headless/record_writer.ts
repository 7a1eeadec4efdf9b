import { isDiskFull } from "../transfer/host_failure.ts";
import type { RunRecord } from "./event.ts";
import type { RunFiles } from "./run_files.ts";

/** Least time between two updates that nobody waits for, in milliseconds. */
const UPDATE_MS = 250;

/** Room kept on the disk for the last word about a run, in bytes; a record takes less. */
const SPARE_BYTES = 16 * 1024;

/** Writes the record of a run anew, a reader sees the old one or the new one. */
export type RecordWriter = Disposable & {
  /** At once. Where even the room that was kept is gone, the old record stays. */
  writeNow(record: RunRecord): void;
  /** Within {@link UPDATE_MS}, as it stands then. */
  writeSoon(record: () => RunRecord): void;
};

/** Makes the writer; disposing it writes what still waits. */
export function createRecordWriter(
  files: Pick<RunFiles, "record" | "spare">,
  options: { updateMs?: number } = {},
): RecordWriter {
  const { updateMs = UPDATE_MS } = options;
  Deno.writeFileSync(files.spare, new Uint8Array(SPARE_BYTES), { mode: 0o600 });
  let waiting: { timer: ReturnType<typeof setTimeout>; record: () => RunRecord } | undefined;
  const writeNow = (record: RunRecord) => {
    clearTimeout(waiting?.timer);
    waiting = undefined;
    const text = JSON.stringify(record) + "\n";
    try {
      replace(files.record, text);
    } catch (error) {
      // The run was removed, with its cage perhaps: nobody asks how it ends.
      if (error instanceof Deno.errors.NotFound) return;
      if (!isDiskFull(error)) throw error;
      removeSpare(files.spare);
      try {
        replace(files.record, text);
      } catch (again) {
        if (!isDiskFull(again)) throw again;
      }
    }
  };
  const flush = () => {
    if (waiting !== undefined) writeNow(waiting.record());
  };
  return {
    writeNow,
    writeSoon(record) {
      if (waiting === undefined) waiting = { timer: setTimeout(flush, updateMs), record };
      else waiting.record = record;
    },
    [Symbol.dispose]() {
      flush();
      removeSpare(files.spare);
    },
  };
}

function replace(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  try {
    Deno.writeTextFileSync(temporary, text, { mode: 0o600 });
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // The first error says more.
    }
    throw error;
  }
}

function removeSpare(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
