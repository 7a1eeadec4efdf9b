import { EXIT, UserError } from "../errors.ts";
import { isDiskFull } from "../transfer/host_failure.ts";
import { type SegmentKind, segmentPath } from "./run_files.ts";

/** Size no segment grows over, but by a single piece that is larger, in bytes. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Appends pieces to numbered files, each piece whole in one of them. */
export type SegmentWriter = Disposable & {
  /**
   * @throws {UserError} Code `disk-full`; nothing of the piece is on the disk then.
   */
  write(piece: Uint8Array): void;
  /** Brings everything to the disk. */
  sync(): void;
};

/** Opens the first segment of a kind, which must not be there yet. */
export function openSegmentWriter(
  dir: string,
  kind: SegmentKind,
  options: { segmentBytes?: number } = {},
): SegmentWriter {
  const { segmentBytes = SEGMENT_BYTES } = options;
  let number = 1;
  let size = 0;
  let file = create(segmentPath(dir, kind, { number }));
  return {
    write(piece) {
      if (size > 0 && size + piece.length > segmentBytes) {
        const next = create(segmentPath(dir, kind, { number: number + 1 }));
        file.close();
        [file, number, size] = [next, number + 1, 0];
      }
      try {
        for (let written = 0; written < piece.length;) {
          written += file.writeSync(piece.subarray(written));
        }
      } catch (error) {
        cut(file, size);
        throw asDiskFull(error, dir);
      }
      size += piece.length;
    },
    sync: () => file.syncSync(),
    [Symbol.dispose]: () => file.close(),
  };
}

function create(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  } catch (error) {
    throw asDiskFull(error, path);
  }
}

/** Takes half a piece back: it would swallow the line behind it. */
function cut(file: Deno.FsFile, size: number): void {
  file.truncateSync(size);
  file.seekSync(size, Deno.SeekMode.Start);
}

/** The same error, in words of its own when the disk is full. */
export function asDiskFull(error: unknown, path: string): unknown {
  if (!isDiskFull(error)) return error;
  return new UserError(`The disk is full: cannot write what the agent says to ${path}`, {
    hint: "Free some space, then launch again; what is on record stays",
    exit: EXIT.failed,
    code: "disk-full",
    cause: error,
  });
}
