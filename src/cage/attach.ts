import { EXIT } from "../errors.ts";

/** The command line of a client. */
export type ClientCommand = { command: string; args: string[]; env: Record<string, string> };

/** A client process that is attached to the agent until the session ends. */
export type Client = {
  /** Resolves with the exit code of the client. */
  exit: Promise<number>;
  /** Passes a signal on to it. */
  signal(name: Deno.Signal): void;
};

/** How long a client may take to end its container after a signal, in milliseconds. */
const STOP_GRACE_MS = 12_000;

/** Starts the client with this process's own terminal and streams. */
export function startClient(command: ClientCommand): Client {
  const child = new Deno.Command(command.command, {
    args: command.args,
    env: command.env,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  return {
    exit: child.status.then((status) => status.code),
    signal(name) {
      try {
        child.kill(name);
      } catch {
        // It ended between the signal and this call.
      }
    },
  };
}

/** The signals that end a session. */
const ENDING: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** What came before there was a client to pass it on to. */
export type EarlySignals = Disposable & {
  /** The exit code of a session that was asked to end; nothing when it was not. */
  code(): number | undefined;
};

/** Listens for ending signals until disposed: a session that is not open yet is not opened then. */
export function hearEarlySignals(): EarlySignals {
  let first: Deno.Signal | undefined;
  const listeners = ENDING.map((name) => [name, () => void (first ??= name)] as const);
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    code: () =>
      first === undefined ? undefined : first === "SIGINT" ? EXIT.interrupted : EXIT.terminated,
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

/**
 * Passes ending signals on to the client until disposed, and removes the container by force when
 * that did not end it in time.
 *
 * @param options.interrupt What SIGINT is: a word to the agent, which may have its own idea of it,
 * and passed on only where no terminal is there to deliver it to the client, which is of the same
 * process group; or the end, as SIGTERM is.
 */
export function endClientOnSignal(
  client: Client,
  options: { interrupt: "word" | "end"; removeContainer(): Promise<void> },
): Disposable {
  const { interrupt, removeContainer } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (name: Deno.Signal) => {
    client.signal(name);
    timer ??= setTimeout(removeContainer, STOP_GRACE_MS);
  };
  const hasTerminal = Deno.stdin.isTerminal() || Deno.stdout.isTerminal() ||
    Deno.stderr.isTerminal();
  const tell = () => hasTerminal ? undefined : client.signal("SIGINT");
  const listeners: [Deno.Signal, () => void][] = [
    ["SIGINT", interrupt === "end" ? () => end("SIGINT") : tell],
  ];
  if (Deno.build.os !== "windows") {
    listeners.push(["SIGTERM", () => end("SIGTERM")]);
    // The terminal is gone: to the agent that is the end, whatever it does with SIGHUP.
    listeners.push(["SIGHUP", () => end("SIGTERM")]);
  }
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}
