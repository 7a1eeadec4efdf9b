import type { Client, ClientCommand } from "../cage/attach.ts";
import { startStreamClient } from "../hold/stream_client.ts";
import { createAcpDriver } from "./acp_driver.ts";
import type { RunCommand } from "./command.ts";
import type { LoggedEvent } from "./event.ts";
import { createIntake, decodeLine } from "./intake.ts";
import type { RunLog } from "./log_store.ts";
import { createReader } from "./readers/create.ts";

/** The agent of a run, as its holder has it. */
export type RunAgent = {
  /** Starts the client that is attached to it. */
  open(command: ClientCommand): Client;
  /** How it went over ACP; `undefined` when it is not driven. */
  driven(): { isOk: boolean; text: string } | undefined;
};

/** What becomes of what an agent says. */
export type AgentEvents = {
  /** It said something, whatever it is. */
  onWord(events: readonly LoggedEvent[]): void;
  onStderr(line: string): void;
  /** What it costs by now, in USD. */
  onCost(costUsd: number): void;
  /** It has carried its prompt out, and would wait for another for ever. */
  onAnswered(): void;
  /** What it says cannot be kept. */
  onUnkept(error: unknown): void;
};

/** Makes the agent's end of a run: its prompt goes in, its stream is kept. */
export function createRunAgent(
  run: { format: RunCommand["format"]; promptPath: string; cwd: string; log: RunLog },
  events: AgentEvents,
): RunAgent {
  const { format, promptPath, cwd, log } = run;
  const intake = createIntake(log, { reader: createReader(format) });
  const wire = format === "acp" ? createWire({ promptPath, cwd }, events) : undefined;
  let isKept = true;
  const keep = (take: () => LoggedEvent[]) => {
    if (!isKept) return;
    try {
      events.onWord(take());
    } catch (error) {
      isKept = false;
      events.onUnkept(error);
    }
  };
  return {
    open(command) {
      const client = startStreamClient(command, {
        feed: wire?.feed ?? ((stdin) => feedFile(promptPath, stdin)),
        onStdout(bytes) {
          keep(() => intake.push(bytes));
          wire?.push(bytes);
        },
        onStderr: events.onStderr,
      });
      return { ...client, exit: client.exit.finally(() => keep(() => intake.end())) };
    },
    driven: () => wire?.end(),
  };
}

async function feedFile(path: string, stdin: WritableStream<Uint8Array>): Promise<void> {
  const file = await Deno.open(path);
  await file.readable.pipeTo(stdin);
}

/** The driver between the agent's stdout and its stdin. */
function createWire(
  run: { promptPath: string; cwd: string },
  events: Pick<AgentEvents, "onCost" | "onAnswered">,
) {
  const driver = createAcpDriver({
    cwd: run.cwd,
    prompt: Deno.readTextFileSync(run.promptPath),
  });
  const { promise: writing, resolve } = Promise.withResolvers<
    WritableStreamDefaultWriter<Uint8Array>
  >();
  let end: { isOk: boolean; text: string } | undefined;
  let pieces: Uint8Array[] = [];
  const send = async (lines: readonly string[]) => {
    const writer = await writing;
    for (const line of lines) await writer.write(new TextEncoder().encode(`${line}\n`));
  };
  const take = (bytes: Uint8Array) => {
    const step = driver.read(decodeLine(bytes));
    send(step.send).catch(() => {});
    const cost = driver.costUsd();
    if (cost !== undefined) events.onCost(cost);
    if (step.end === undefined || end !== undefined) return;
    end = step.end;
    writing.then((writer) => writer.close()).catch(() => {});
    events.onAnswered();
  };
  return {
    async feed(stdin: WritableStream<Uint8Array>) {
      resolve(stdin.getWriter());
      await send(driver.start());
    },
    push(bytes: Uint8Array) {
      let start = 0;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, start)) {
        take(joinBytes([...pieces, bytes.subarray(start, at + 1)]));
        pieces = [];
        start = at + 1;
      }
      if (start < bytes.length) pieces.push(bytes.slice(start));
    },
    end: () => end ?? { isOk: false, text: "it ended before it had answered" },
  };
}

function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
