import type { LoggedEvent } from "./event.ts";
import type { RunLog } from "./log_store.ts";
import type { StreamReader } from "./readers/reader.ts";

/** Bytes of a line that are read as one; the rest of a longer one is read on its own. */
const LINE_BYTES = 32 * 1024 * 1024;

/** Takes an agent's bytes as they come, keeps them, and keeps what they say. */
export type Intake = {
  /** Takes bytes, cut anywhere; answers what they said. */
  push(chunk: Uint8Array): LoggedEvent[];
  /** Takes the end of the stream. */
  end(): LoggedEvent[];
};

/** Makes the way from an agent's stdout to the log of its run. */
export function createIntake(
  log: Pick<RunLog, "append" | "appendRaw">,
  options: { reader: StreamReader; lineBytes?: number },
): Intake {
  const { reader, lineBytes = LINE_BYTES } = options;
  let pieces: Uint8Array[] = [];
  let held = 0;
  const take = (): LoggedEvent[] => {
    const line = join(pieces, held);
    [pieces, held] = [[], 0];
    if (line.length === 0) return [];
    log.appendRaw(line);
    return log.append(reader.read(decodeLine(line)));
  };
  const hold = (piece: Uint8Array) => {
    pieces.push(piece);
    held += piece.length;
  };
  return {
    push(chunk) {
      const logged: LoggedEvent[] = [];
      let start = 0;
      while (start < chunk.length) {
        const newline = chunk.indexOf(10, start);
        const end = newline < 0 ? chunk.length : newline + 1;
        const room = Math.min(end, start + lineBytes - held);
        // Copied: the caller may fill its buffer anew.
        hold(chunk.slice(start, room));
        start = room;
        if (newline >= 0 && room === end || held >= lineBytes) logged.push(...take());
      }
      return logged;
    },
    end() {
      const last = take();
      return [...last, ...log.append(reader.end())];
    },
  };
}

/** A line as text, without its end; bytes that are no UTF-8 show as `U+FFFD`. */
export function decodeLine(line: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(line).replace(/\r?\n$/, "");
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
