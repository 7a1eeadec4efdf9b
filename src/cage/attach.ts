/** A client process that owns the terminal until the session ends. */
export type Client = {
  /** Resolves with the exit code of the client. */
  exit: Promise<number>;
  /** Passes a signal on to it. */
  signal(name: Deno.Signal): void;
};

/** Starts a client; injected so that sessions can be tested without an engine. */
export type StartClient = (
  command: { command: string; args: string[]; env: Record<string, string> },
) => Client;

/** Starts the client with this process's own terminal and streams. */
export const startClient: StartClient = (command) => {
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
};

/** Signals that end a session, and what to answer when they did. */
export const ENDING_SIGNALS = ["SIGTERM", "SIGHUP"] as const;

/**
 * Listens for signals to this process until disposed. SIGINT is swallowed: from a terminal it
 * reaches the client by itself, being of the same process group.
 */
export function listenForSignals(onEnding: (name: Deno.Signal) => void): Disposable {
  const listeners: [Deno.Signal, () => void][] = [["SIGINT", () => {}]];
  if (Deno.build.os !== "windows") {
    for (const name of ENDING_SIGNALS) listeners.push([name, () => onEnding(name)]);
  }
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return {
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}
