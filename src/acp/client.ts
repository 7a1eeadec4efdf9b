import type { Client, ClientCommand } from "../cage/attach.ts";
import type { Duplex } from "./streams.ts";
import { sinkOf, sinkOfStream, sourceOf, sourceOfStream } from "./streams.ts";

/** Times after which a session without a client is ended, in milliseconds. */
export type Grace = {
  /** Without a word of an agent that has spoken. */
  quietMs: number;
  /** In any case. The container's own watch is later: images/agent/sandcage-entry. */
  mostMs: number;
  /** From SIGTERM until it is removed by force. */
  termMs: number;
};

/** What is usual. An agent may take its time to start, and to answer what it was told last. */
export const GRACE: Grace = { quietMs: 10_000, mostMs: 25_000, termMs: 3_000 };

/** How a relay is run between two sides; {@link relay} with everything else decided. */
export type RunRelay = (
  ends: { client: Duplex; agent: Duplex },
  events: { onClientEnd(how: "ended" | "gone"): void; onAgentBytes(): void },
) => Promise<void>;

/** The streams of this process as one side. */
export function ownStreams(): Duplex {
  return {
    source: sourceOf(Deno.stdin),
    sink: sinkOf(Deno.stdout, () => {}),
  };
}

/**
 * Starts the client of a session with pipes, and relays between them and `client`. It never has a
 * terminal, and the agent's stderr is this process's. An agent that stays when its client left is
 * asked to go, and then removed with the session.
 */
export function startRelayedClient(
  command: ClientCommand,
  options: { client: Duplex; run: RunRelay; grace?: Grace },
): Client {
  const { client, run, grace = GRACE } = options;
  const child = new Deno.Command(command.command, {
    args: command.args,
    env: command.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // It ended between the signal and this call.
    }
  };
  const abandoned = createAbandon(grace, signal);
  const agent = { source: sourceOfStream(child.stdout), sink: sinkOfStream(child.stdin) };
  const relayed = run({ client, agent }, {
    onClientEnd: abandoned.onClientEnd,
    onAgentBytes: abandoned.onAgentBytes,
  });
  const ended = Promise.all([child.status, relayed]).then(([{ code }]) => code);
  return {
    // The session removes the container when its client is gone.
    exit: Promise.race([ended, abandoned.given]).finally(abandoned.stop),
    signal,
  };
}

/** Exit code of a client that was left behind: that of a program ended by SIGTERM. */
const LEFT_BEHIND = 143;

/** What ends an agent that stays without a client. */
function createAbandon(grace: Grace, signal: (name: Deno.Signal) => void) {
  const { promise: given, resolve } = Promise.withResolvers<number>();
  let isAlone = false;
  let hasSpoken = false;
  let quiet: ReturnType<typeof setTimeout> | undefined;
  let most: ReturnType<typeof setTimeout> | undefined;
  let term: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    if (term !== undefined) return;
    signal("SIGTERM");
    term = setTimeout(() => resolve(LEFT_BEHIND), grace.termMs);
  };
  const waitQuietly = () => {
    clearTimeout(quiet);
    if (hasSpoken) quiet = setTimeout(end, grace.quietMs);
  };
  return {
    given,
    onClientEnd(how: "ended" | "gone") {
      isAlone = true;
      // What it says now is said to nobody.
      if (how === "gone") return end();
      most = setTimeout(end, grace.mostMs);
      waitQuietly();
    },
    onAgentBytes() {
      hasSpoken = true;
      if (isAlone) waitQuietly();
    },
    stop() {
      for (const timer of [quiet, most, term]) clearTimeout(timer);
    },
  };
}
