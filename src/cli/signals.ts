import { EXIT, type ExitCode } from "../errors.ts";

/** The signals that end sandcage, each with its exit code. */
const ENDING: readonly (readonly [Deno.Signal, ExitCode])[] = [
  ["SIGINT", EXIT.interrupted],
  ["SIGTERM", EXIT.terminated],
  ["SIGHUP", EXIT.terminated],
];

/** How long cleanup may take after the first signal, in milliseconds. */
const GRACE_MS = 2000;

/** Signals to this process, as commands see them. */
export type Signals = {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /**
   * While held, signals are another's business, for example of the child that owns the terminal.
   *
   * @throws The reason of {@link signal}, if it is aborted already.
   */
  handOver(): Disposable;
};

/** What {@link trapSignals} needs besides the process. */
export type TrapOptions = {
  /** Ends the process; called after the grace time or at the second signal. */
  exit(code: ExitCode): void;
};

/**
 * Turns ending signals into one abort: the command stops and cleans up by itself; what does not
 * within two seconds is ended, and a second signal ends it at once.
 */
export function trapSignals(options: TrapOptions): Signals & Disposable & { code(): ExitCode } {
  const controller = new AbortController();
  let holders = 0;
  let code: ExitCode = EXIT.interrupted;
  const listeners = ENDING.filter(([name]) => isSupported(name)).map(([name, ending]) => {
    const listener = () => {
      if (holders > 0) return;
      code = ending;
      if (controller.signal.aborted) return options.exit(code);
      controller.abort(new DOMException("Interrupted", "AbortError"));
      Deno.unrefTimer(setTimeout(() => options.exit(code), GRACE_MS));
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    code: () => code,
    handOver() {
      // Whoever was asked to end begins nothing that outlives the grace time.
      controller.signal.throwIfAborted();
      holders++;
      let held = true;
      return {
        [Symbol.dispose]() {
          if (held) holders--;
          held = false;
        },
      };
    },
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
      listeners.length = 0;
    },
  };
}

// Windows knows SIGINT and SIGBREAK only.
function isSupported(name: Deno.Signal): boolean {
  return Deno.build.os !== "windows" || name === "SIGINT";
}
