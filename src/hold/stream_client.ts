import type { Client, ClientCommand } from "../cage/attach.ts";
import { passLines } from "./client.ts";

/** What passes between a container that nobody holds in hand and its holder. */
export type HeldStreams = {
  /** Writes its stdin, to the end; an agent that ends before is no failure. */
  feed(stdin: WritableStream<Uint8Array>): Promise<void>;
  /** Gets bytes of its stdout as they come; the next wait until it returns. */
  onStdout(bytes: Uint8Array): void;
  /** Gets a line of its stderr. */
  onStderr(line: string): void;
};

/** Starts the client of a session whose streams are its holder's. */
export function startStreamClient(command: ClientCommand, streams: HeldStreams): Client {
  const child = new Deno.Command(command.command, {
    args: command.args,
    env: command.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // Whoever reads no further says so by the exit code.
  streams.feed(child.stdin).catch(() => {});
  const said = Promise.all([
    (async () => {
      for await (const bytes of child.stdout) streams.onStdout(bytes);
    })(),
    passLines(child.stderr, streams.onStderr),
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
