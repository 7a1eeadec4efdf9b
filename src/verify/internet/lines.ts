import type { ExecStreams } from "../../engine/exec.ts";

/** Reads what a program prints to its end, line by line. */
export async function readLines(
  streams: Pick<ExecStreams, "read">,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for (let held = "";;) {
    const bytes = await streams.read();
    if (bytes === undefined) return;
    const lines = (held + decoder.decode(bytes, { stream: true })).split("\n");
    held = lines.pop()!;
    lines.forEach(onLine);
  }
}
