import type { TerminalPorts } from "./terminal.ts";

/** Columns assumed where there is no terminal. */
const DEFAULT_COLUMNS = 80;

/** The standard streams of this process. Writes are synchronous: nothing is lost at exit. */
export function processPorts(): TerminalPorts {
  return {
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => writeAll(Deno.stderr, text),
    readLine,
    nowMs: () => performance.now(),
    columns,
    every(intervalMs, tick) {
      const timer = setInterval(tick, intervalMs);
      // A spinner must not keep the program alive.
      Deno.unrefTimer(timer);
      return () => clearInterval(timer);
    },
  };
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

function columns(): number {
  try {
    return Deno.consoleSize().columns || DEFAULT_COLUMNS;
  } catch {
    // No stream is a terminal.
    return DEFAULT_COLUMNS;
  }
}

// Reads byte by byte: what follows the line stays for the next reader.
async function readLine(): Promise<string | undefined> {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  for (;;) {
    const count = await Deno.stdin.read(byte);
    if (count === null) {
      return bytes.length === 0 ? undefined : new TextDecoder().decode(new Uint8Array(bytes));
    }
    if (byte[0] === 0x0a) return new TextDecoder().decode(new Uint8Array(bytes));
    bytes.push(byte[0]!);
  }
}
