import { asDiskFull } from "./segment_writer.ts";

/** What is kept of what an agent says on stderr, in bytes. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** Keeps what an agent says on stderr, up to a limit. */
export type StderrLog = Disposable & {
  /** Keeps a line; answers whether it did: after the limit nothing is kept any more. */
  write(line: string): boolean;
};

/** Opens the file; it belongs to one run. */
export function openStderrLog(
  path: string,
  options: { keptBytes?: number } = {},
): StderrLog {
  const { keptBytes = KEPT_BYTES } = options;
  const file = Deno.openSync(path, { create: true, append: true, mode: 0o600 });
  const encoder = new TextEncoder();
  let left = keptBytes;
  return {
    write(line) {
      if (left <= 0) return false;
      const bytes = encoder.encode(`${line}\n`);
      left -= bytes.length;
      try {
        for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      } catch (error) {
        throw asDiskFull(error, path);
      }
      return true;
    },
    [Symbol.dispose]: () => file.close(),
  };
}
