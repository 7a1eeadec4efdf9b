import type { GatewayMessage, HostMessage } from "../policy/protocol.ts";
import { parseGatewayMessage } from "./gateway_messages.ts";

/** The client of a running gateway container: its stdin and stdout are the control channel. */
export type GatewayProcess = {
  /** Sends one message; a gateway that is gone takes none. */
  send(message: HostMessage): Promise<void>;
  /** Ends stdin: the gateway tells what is left to tell and ends. */
  close(): Promise<void>;
  /** Kills the client. The container is somebody else's to remove. */
  kill(): void;
  /** Resolves when the client ended, with its last words. */
  ended: Promise<{ code: number; stderr: string }>;
};

/** Longest line of a gateway, in characters; beyond it the gateway is not ours any more. */
const MAX_LINE = 4 * 1024 * 1024;

/** How much of stderr is kept for an error message, in characters. */
const MAX_STDERR = 8_000;

/** Starts the client of a gateway. `onMessage` gets its messages one at a time, in order. */
export function startGatewayProcess(
  command: { command: string; args: string[]; env: Record<string, string> },
  onMessage: (message: GatewayMessage) => Promise<void> | void,
): GatewayProcess {
  const child = new Deno.Command(command.command, {
    args: command.args,
    env: command.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // Ctrl-C at the terminal is for the agent; the gateway goes when the session goes.
    detached: true,
  }).spawn();
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It ended between the decision and the signal.
    }
  };
  const stdin = child.stdin.getWriter();
  const reading = readMessages(child.stdout, onMessage).catch(kill);
  const stderr = readTail(child.stderr);
  return {
    async send(message) {
      try {
        await stdin.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
      } catch {
        // Broken pipe: `ended` tells, and whoever waits for an answer hears it there.
      }
    },
    async close() {
      await stdin.close().catch(() => {});
    },
    kill,
    ended: Promise.all([child.status, stderr, reading]).then(([status, said]) => ({
      code: status.code,
      stderr: said,
    })),
  };
}

async function readMessages(
  stream: ReadableStream<Uint8Array>,
  onMessage: (message: GatewayMessage) => Promise<void> | void,
): Promise<void> {
  let rest = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const message = parseGatewayMessage(line);
      if (message !== undefined) await onMessage(message);
    }
    if (rest.length > MAX_LINE) throw new Error("The gateway sent an endless line");
  }
}

async function readTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + piece).slice(-MAX_STDERR);
  }
  return text;
}
