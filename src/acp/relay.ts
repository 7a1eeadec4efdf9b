import { createGate, type Gate, type GateOptions } from "./gate.ts";
import type { ByteSink, ByteSource, Duplex } from "./streams.ts";
import { findId, formatRefusal } from "./verdict.ts";

/** Most bytes of answers that wait for their reader. */
const MAX_OWED = 1_048_576;

/** Which side of a relay. */
export type Side = "client" | "agent";

/** What happens between the two sides. */
export type RelayOptions = {
  /** How lines of each side are read and decided. */
  client: GateOptions;
  agent: GateOptions;
  /** Called once, when the client sends nothing more or takes nothing more. */
  onClientEnd?(how: "ended" | "gone"): void;
  /** Called whenever the agent said something. */
  onAgentBytes?(): void;
  /** Called with each answer of the relay's own. */
  onAnswer?(to: Side, line: string): void;
};

/**
 * Relays until the agent says nothing more. Bytes pass as they came; a refused request is answered
 * here, between two lines of the other side. The client's end closes the agent's input and nothing
 * else: what the agent still has to say is passed on.
 */
export async function relay(
  ends: { client: Duplex; agent: Duplex },
  options: RelayOptions,
): Promise<void> {
  const { onClientEnd, onAgentBytes, onAnswer } = options;
  const toAgent = createLane(ends.agent.sink);
  const toClient = createLane(ends.client.sink);
  let clientEnd = false;
  const endClient = (how: "ended" | "gone") => {
    if (clientEnd && how === "ended") return;
    clientEnd = true;
    onClientEnd?.(how);
  };
  const answer = (to: Side, line: string) => {
    onAnswer?.(to, line);
    (to === "client" ? toClient : toAgent).inject(new TextEncoder().encode(line));
  };
  const fromClient = pump(ends.client.source, toAgent, {
    gate: createGate(answering(options.client, (line) => answer("client", line))),
    onBroken: () => {},
  }).then(async () => {
    endClient("ended");
    await toAgent.close();
  });
  const fromAgent = pump(ends.agent.source, toClient, {
    gate: createGate(answering(options.agent, (line) => answer("agent", line))),
    onBytes: onAgentBytes,
    onBroken: () => {
      endClient("gone");
      // Nobody hears it any more; what it may still do by itself ends with its input.
      toAgent.close();
    },
  });
  // The client may keep its end open for ever: the agent's end is the end.
  fromClient.catch(() => {});
  await fromAgent;
  await toClient.drain();
}

/** A gate whose refusals are answered. */
function answering(options: GateOptions, answer: (line: string) => void): GateOptions {
  return {
    ...options,
    onLine(line, verdict, bytes) {
      options.onLine?.(line, verdict, bytes);
      if (verdict.kind !== "refuse") return;
      const id = findId(line);
      if (id !== undefined) answer(formatRefusal(id, verdict));
    },
  };
}

/** One way: what its gate lets through, and answers of the relay between two lines. */
type Lane = {
  /** Answers nothing when all of it is taken at once. */
  write(pieces: readonly Uint8Array[], gate: Gate): Promise<void> | undefined;
  inject(line: Uint8Array): void;
  drain(): Promise<void>;
  close(): Promise<void>;
};

function createLane(sink: ByteSink): Lane {
  let between = true;
  let tail: Promise<void> | undefined;
  let waiting: Uint8Array[] = [];
  let owed = 0;
  let broken = false;
  /** Answers nothing when all of it is taken at once. */
  const send = (pieces: readonly Uint8Array[]): Promise<void> | undefined => {
    for (let at = 0; at < pieces.length; at++) {
      const rest = pieces[at]!.length === 0 ? undefined : sink.write(pieces[at]!);
      if (rest !== undefined) return rest.then(() => send(pieces.slice(at + 1)));
    }
    return undefined;
  };
  // One write at a time, in order; the usual case waits for nothing.
  const enqueue = (pieces: readonly Uint8Array[]): Promise<void> | undefined => {
    const next = tail === undefined ? send(pieces) : tail.then(() => send(pieces));
    if (next === undefined) return undefined;
    const settled = next.catch(() => {
      broken = true;
    }).then(() => {
      if (tail === settled) tail = undefined;
    });
    tail = settled;
    return next;
  };
  const flush = () => {
    if (!between || waiting.length === 0) return;
    const lines = waiting;
    waiting = [];
    const bytes = lines.reduce((sum, line) => sum + line.length, 0);
    const done = enqueue(lines);
    if (done === undefined) owed -= bytes;
    else done.catch(() => {}).then(() => owed -= bytes);
  };
  return {
    write(pieces, gate) {
      const done = pieces.length === 0 ? undefined : enqueue(pieces);
      between = gate.isBetween();
      flush();
      return done;
    },
    inject(line) {
      // Whoever asks without end and reads no answer gets none.
      if (owed + line.length > MAX_OWED) return;
      owed += line.length;
      waiting.push(line);
      flush();
    },
    async drain() {
      await tail;
    },
    async close() {
      await tail;
      if (!broken) await sink.close().catch(() => {});
    },
  };
}

async function pump(
  source: ByteSource,
  lane: Lane,
  options: { gate: Gate; onBytes?: (() => void) | undefined; onBroken(): void },
): Promise<void> {
  const { gate, onBytes, onBroken } = options;
  let broken = false;
  for (;;) {
    const bytes = await source.read().catch(() => undefined);
    if (bytes === undefined) break;
    onBytes?.();
    // A side that takes nothing more may still be listened to: its gate keeps reading.
    const pieces = gate.push(bytes);
    if (broken) continue;
    try {
      const done = lane.write(pieces, gate);
      if (done !== undefined) await done;
    } catch {
      broken = true;
      onBroken();
    }
  }
  if (!broken) await lane.write(gate.end(), gate)?.catch(onBroken);
}
