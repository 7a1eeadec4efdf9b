import { dirname } from "node:path";
import { ensurePrivateDir } from "../files.ts";

/** A log that never grows beyond twice its bound. */
export type Log = Disposable & {
  /** Writes lines, each with the time before it. */
  say(text: string): void;
};

/** A log is put aside when it is this large, in bytes; one older is kept. */
export const MOST_LOG_BYTES = 512 * 1024;

/**
 * Opens a log for more. Somebody who has a file open that was put aside reads it to its end.
 *
 * @param options.mostBytes Defaults to {@link MOST_LOG_BYTES}.
 */
export async function openLog(
  path: string,
  options: { now(): Date; mostBytes?: number },
): Promise<Log> {
  const { now, mostBytes = MOST_LOG_BYTES } = options;
  await ensurePrivateDir(dirname(path));
  const open = () => Deno.openSync(path, { create: true, append: true, mode: 0o600 });
  let file = open();
  let size = file.statSync().size;
  return {
    say(text) {
      const stamp = now().toISOString();
      const lines = text.trimEnd().split("\n").map((line) => `${stamp} ${line}\n`).join("");
      const bytes = new TextEncoder().encode(lines);
      if (size > 0 && size + bytes.length > mostBytes) {
        file.close();
        Deno.renameSync(path, oldLog(path));
        file = open();
        size = 0;
      }
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      size += bytes.length;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** Where a log is put aside. */
export function oldLog(path: string): string {
  return `${path}.1`;
}
