import { join } from "node:path";
import { removeIfPresent } from "../files.ts";
import { readLines } from "./lines.ts";
import type { Duplex } from "./streams.ts";
import { sinkOf, sourceOf } from "./streams.ts";
import { connectTo } from "./warm_door.ts";
import type { WarmIdentity } from "./warm_key.ts";
import { parseAnswer, readLine, writeLine } from "./warm_protocol.ts";

/** End of the names of sockets behind which an agent waits. */
export const WARM_SOCKET = ".sock";

/** A started agent that belongs to this client from now on. */
export type WarmAgent = {
  container: string;
  streams: Duplex;
  /** Its exit code, when its session is gone too. */
  exit: Promise<number>;
  /** Leaves it: its session ends. */
  close(): void;
};

/** Exit code of an agent whose holder died: that of a program ended by SIGTERM. */
const HOLDER_DIED = 143;

/**
 * Takes a started agent, if one waits. Sockets of holders that died are removed on the way, and
 * holders of what the configuration does not say any more leave.
 *
 * @param dir Directory of the sockets.
 * @param options.say Gets what agent and holder say, for stderr.
 */
export async function takeWarmAgent(
  dir: string,
  options: { identity: WarmIdentity; say(text: string): void },
): Promise<WarmAgent | undefined> {
  for (const path of await listSockets(dir)) {
    const control = await connect(path);
    if (control === undefined) continue;
    const agent = await ask(control, { ...options, path }).catch(() => undefined);
    if (agent !== undefined) return agent;
    control.close();
  }
  return undefined;
}

async function ask(
  control: Deno.UnixConn,
  options: { path: string; identity: WarmIdentity; say(text: string): void },
): Promise<WarmAgent | undefined> {
  const { path, identity, say } = options;
  await writeLine(control, { want: "agent", ...identity });
  const answer = parseAnswer(await readLine(control));
  if (answer.answer !== "yes") return undefined;
  const connection = await connectTo(path);
  await writeLine(connection, { want: "streams", token: answer.token });
  return {
    container: answer.container,
    streams: {
      source: sourceOf(connection),
      sink: sinkOf(connection, () => connection.closeWrite()),
    },
    exit: hear(control, say),
    close() {
      for (const one of [connection, control]) {
        try {
          one.close();
        } catch {
          // The other side was quicker.
        }
      }
    },
  };
}

async function hear(control: Deno.UnixConn, say: (text: string) => void): Promise<number> {
  try {
    for await (const line of readLines(control.readable)) {
      const { said, exit } = JSON.parse(line) as { said?: unknown; exit?: unknown };
      if (typeof exit === "number") return exit;
      if (typeof said === "string") say(said);
    }
  } catch {
    // It died in the middle of a word.
  }
  return HOLDER_DIED;
}

async function connect(path: string): Promise<Deno.UnixConn | undefined> {
  try {
    return await connectTo(path);
  } catch (error) {
    // Nobody is behind it: its holder was killed.
    if (error instanceof Deno.errors.ConnectionRefused) await removeIfPresent(path);
    return undefined;
  }
}

async function listSockets(dir: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    return entries.map(({ name }) => name).filter((name) => name.endsWith(WARM_SOCKET))
      .toSorted().map((name) => join(dir, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
