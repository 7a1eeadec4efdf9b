import type { Client, ClientCommand } from "../cage/attach.ts";

/** What a held container says, a line at a time, as it was said. */
export type HeldOutput = {
  /** A line of its stdout, which is its holder's alone. */
  onWord(line: string): void;
  /** A line of its stderr, which is for people. */
  onSaid(line: string): void;
};

/** Longest line that is waited for; more is passed on in pieces, in characters. */
const MAX_LINE = 4_096;

/** Starts the client of a session that nobody holds in hand: no input, its output in lines. */
export function startHeldClient(command: ClientCommand, output: HeldOutput): Client {
  const child = new Deno.Command(command.command, {
    args: command.args,
    env: command.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = Promise.all([
    passLines(child.stdout, output.onWord),
    passLines(child.stderr, output.onSaid),
  ]);
  return {
    exit: said.then(async () => (await child.status).code),
    signal(name) {
      try {
        child.kill(name);
      } catch {
        // It ended between the signal and this call.
      }
    },
  };
}

/** Passes a stream on in lines, in pieces where a line has no end. */
export async function passLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
    if (rest.length <= MAX_LINE) continue;
    onLine(rest);
    rest = "";
  }
  if (rest !== "") onLine(rest);
}
