import type { GateOptions } from "./gate.ts";
import { relay } from "./relay.ts";
import type { Duplex } from "./streams.ts";

/** Conversations, and messages of each side in one: after so many the compiler has seen enough. */
const CONVERSATIONS = 24;
const MESSAGES = 24;

const MESSAGE = new TextEncoder().encode(
  JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "session/update",
    params: { sessionId: "rehearsal", update: { content: [{ text: "x".repeat(160) }] } },
  }) + "\n",
);

/**
 * Relays messages from nobody to nobody, for some 20 milliseconds in small parts: while a container
 * starts there is nothing else to do, and code that ran often is compiled. Otherwise the first
 * thousand messages of each conversation take a quarter longer than the rest.
 *
 * @param gates How lines of each side are read and decided; nobody hears of these.
 */
export async function rehearse(
  gates: { client: GateOptions; agent: GateOptions },
): Promise<void> {
  const client = hush(gates.client);
  const agent = hush(gates.agent);
  for (let count = 0; count < CONVERSATIONS; count++) {
    await relay({ client: planEnd(), agent: planEnd() }, { client, agent });
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function hush({ wanted, judge, find }: GateOptions): GateOptions {
  return { wanted, judge, find };
}

/** A side that says what it has to say and takes everything. */
function planEnd(): Duplex {
  let left = MESSAGES;
  return {
    source: { read: () => Promise.resolve(left-- > 0 ? MESSAGE : undefined) },
    sink: { write: () => undefined, close: () => Promise.resolve() },
  };
}
