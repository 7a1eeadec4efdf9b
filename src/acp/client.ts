import type { Client, ClientCommand } from "../cage/attach.ts";
import { attachContainer } from "../engine/attach.ts";
import type { Engine } from "../engine/engine.ts";
import { openPoller, type Poller } from "../engine/poller.ts";
import type { Duplex } from "./streams.ts";
import { ownStdout, sinkOfStream, sourceOf, sourceOfPolled, sourceOfStream } from "./streams.ts";

/** Times after which a session without a client is ended, in milliseconds. */
export type Grace = {
  /** Without a word of an agent that has spoken. */
  quietMs: number;
  /** In any case. The container's own watch is later: images/agent/cage-entry. */
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
    sink: ownStdout(),
  };
}

/**
 * The same with what waits for them, and for the engine beside them; without it where that is not
 * Linux, or they are neither pipes nor sockets.
 */
export function pollOwnStreams(): { streams: Duplex; poller?: Poller } {
  const poller = openPoller();
  const input = poller?.openOwn(0, "read");
  const output = poller?.openOwn(1, "write");
  if (poller === undefined || input === undefined || output === undefined) {
    poller?.close();
    return { streams: ownStreams() };
  }
  const streams: Duplex = {
    source: sourceOfPolled(input),
    // It ends with this process.
    sink: { write: output.write, close: () => Promise.resolve() },
  };
  return { streams, poller };
}

/** What a relayed client is made from. */
export type RelayedClientOptions = {
  client: Duplex;
  run: RunRelay;
  grace?: Grace;
  /** Gets what the agent says on stderr; by default it is this process's. */
  onStderr?: (bytes: Uint8Array) => Promise<void>;
};

/** What the agent's side of a relay is, once there is one. */
type AgentSide = {
  streams: Duplex;
  /** Resolves with the agent's exit code; awaited when it has said everything. */
  exit(): Promise<number>;
  /** Lets go of the streams. */
  close(): void;
  signal(name: Deno.Signal): void;
};

/**
 * Starts a container by the engine's client and attaches to it over the engine's socket, so that a
 * message crosses no process but this one. An agent that stays when its client left is asked to go,
 * and then removed with the session.
 */
export function startAttachedClient(
  command: ClientCommand,
  options: RelayedClientOptions & {
    engine: Pick<Engine, "docker">;
    socket: string;
    container: string;
    /** What waits for the client, and shall wait for the engine. */
    poller?: Poller | undefined;
  },
): Client {
  const { engine, socket, container, poller } = options;
  const starter = new Deno.Command(command.command, {
    args: command.args,
    env: command.env,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
    // What is typed at a terminal is the relay's to hear.
    detached: true,
  }).spawn();
  let ended: number | undefined;
  const attach = async (): Promise<AgentSide | number> => {
    const { code } = await starter.status;
    if (ended !== undefined || code !== 0) return ended ?? code;
    const streams = await attachContainer(socket, {
      container,
      onStderr: options.onStderr ?? writeStderr,
      poller,
    });
    if (ended !== undefined) {
      streams.close();
      return ended;
    }
    return {
      streams: {
        source: streams,
        sink: { write: streams.write, close: streams.closeWrite },
      },
      async exit() {
        const { stdout } = await engine.docker(["wait", container]);
        const exit = Number.parseInt(stdout, 10);
        return Number.isNaN(exit) ? LEFT_BEHIND : exit;
      },
      close() {
        streams.close();
        poller?.close();
      },
      signal(name) {
        engine.docker(["kill", "--signal", name, container]).catch(() => {});
      },
    };
  };
  return relayClient(attach(), {
    ...options,
    signal(name) {
      ended ??= name === "SIGINT" ? INTERRUPTED : LEFT_BEHIND;
      // Killed now, it could leave a container that nobody knows of; it takes no time to be done.
      const timer = setTimeout(() => killChild(starter, "SIGKILL"), START_GRACE_MS);
      starter.status.finally(() => clearTimeout(timer));
    },
  });
}

/** How long a container may take to start once its end is asked for, in milliseconds. */
const START_GRACE_MS = 10_000;

/** The same with pipes to the engine's own client: for engines without a socket here. */
export function startPipedClient(command: ClientCommand, options: RelayedClientOptions): Client {
  const child = new Deno.Command(command.command, {
    args: command.args,
    env: command.env,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const side: AgentSide = {
    streams: { source: sourceOfStream(child.stdout), sink: sinkOfStream(child.stdin) },
    exit: async () => (await child.status).code,
    close() {},
    signal: (name) => killChild(child, name),
  };
  return relayClient(Promise.resolve(side), { ...options, signal: side.signal });
}

/** Says to the entry program that somebody listens: images/agent/cage-entry. */
const START = new Uint8Array([0x0a]);

function relayClient(
  attaching: Promise<AgentSide | number>,
  options: RelayedClientOptions & { signal(name: Deno.Signal): void },
): Client {
  const { client, run, grace = GRACE } = options;
  let { signal } = options;
  const abandoned = createAbandon(grace, (name) => signal(name));
  const relayed = (async () => {
    const side = await attaching;
    if (typeof side === "number") return side;
    signal = side.signal;
    await side.streams.sink.write(START);
    await run({ client, agent: side.streams }, abandoned);
    side.close();
    return await side.exit();
  })();
  return {
    // The session removes the container when its client is gone.
    exit: Promise.race([relayed, abandoned.given]).finally(abandoned.stop),
    signal: (name) => signal(name),
  };
}

function killChild(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // It ended between the signal and this call.
  }
}

async function writeStderr(bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await Deno.stderr.write(bytes.subarray(at));
  } catch {
    // Nobody reads it.
  }
}

/** Exit code of a client that was left behind: that of a program ended by SIGTERM. */
const LEFT_BEHIND = 143;

/** Exit code of a program ended by SIGINT. */
const INTERRUPTED = 130;

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
