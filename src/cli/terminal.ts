import type { Host } from "../host.ts";
import type { Io, Progress } from "../io.ts";
import { formatStep, renderStep, type StepView } from "./render.ts";

/** The terminal as functions, so that tests need none. */
export type TerminalPorts = {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Reads one line from stdin without its end; `undefined` at its end. */
  readLine(): Promise<string | undefined>;
  /** Milliseconds on a clock that only goes forward. */
  nowMs(): number;
  /** Width of stderr in columns. */
  columns(): number;
  /** Calls again and again until the returned function is called. */
  every(intervalMs: number, tick: () => void): () => void;
};

/** How the terminal is used. */
export type TerminalOptions = {
  ports: TerminalPorts;
  /** The command line asked for no colour. */
  noColor?: boolean;
  /** The command line asked for silence: no talk, no progress. Warnings stay. */
  quiet?: boolean;
  /** Ends a question. */
  signal?: AbortSignal;
};

/** Time between two drawings of the spinner, in milliseconds. */
const FRAME_MS = 100;

/** Least time between two lines of one step where there is no terminal, in milliseconds. */
const PLAIN_MS = 10_000;

/** Clears the current line. */
const CLEAR = "\r\x1b[2K";

/**
 * Decides about colour on one stream.
 *
 * @see {@link https://no-color.org} and {@link https://force-color.org}
 */
export function decideColor(env: Host["env"], isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return isTerminal && env.TERM !== "dumb";
}

/** Makes what commands print to. */
export function createIo(host: Pick<Host, "env" | "tty">, options: TerminalOptions): Io {
  const { ports, quiet = false, noColor = false } = options;
  const colorOut = !noColor && decideColor(host.env, host.tty.stdout);
  const colorErr = !noColor && decideColor(host.env, host.tty.stderr);
  const interactive = host.tty.stdin && host.tty.stderr && !isCi(host.env);
  const animated = host.tty.stderr && host.env.TERM !== "dumb" && !isCi(host.env);
  const steps = createSteps({ ports, color: colorErr, animated });
  const talk = (text: string) => steps.around(() => ports.stderr(withNewline(text)));
  return {
    interactive,
    color: colorOut,
    out: (text) => steps.around(() => ports.stdout(withNewline(text))),
    talk: quiet ? () => {} : talk,
    warn: (text) => talk(`${colorErr ? "\x1b[33mwarning:\x1b[0m" : "warning:"} ${text}`),
    progress: quiet ? () => SILENT : steps.begin,
    async confirm(question, { assumed }) {
      if (!interactive) return assumed;
      for (;;) {
        ports.stderr(`${question} ${assumed ? "[Y/n]" : "[y/N]"} `);
        const answer = await abortable(ports.readLine(), options.signal);
        const decided = parseAnswer(answer, assumed);
        if (decided !== undefined) return decided;
      }
    },
  };
}

/** Reads an answer to a yes-or-no question; `undefined` when it is neither. Pure. */
export function parseAnswer(answer: string | undefined, assumed: boolean): boolean | undefined {
  // The end of input is no answer to agree on.
  if (answer === undefined) return false;
  const word = answer.trim().toLowerCase();
  if (word === "") return assumed;
  if (word === "y" || word === "yes") return true;
  if (word === "n" || word === "no") return false;
  return undefined;
}

const SILENT: Progress = { update() {}, done() {}, [Symbol.dispose]() {} };

type Steps = {
  begin(title: string): Progress;
  /** Writes without the spinner in the way. */
  around(write: () => void): void;
};

function createSteps(
  options: { ports: TerminalPorts; color: boolean; animated: boolean },
): Steps {
  const { ports, color, animated } = options;
  const running: (() => StepView)[] = [];
  let frame = 0;
  let stop: (() => void) | undefined;
  const render = (view: StepView) =>
    renderStep(view, { color, columns: ports.columns(), frame: frame++ });
  const draw = () => {
    const view = running.at(-1);
    if (view !== undefined) ports.stderr(CLEAR + render(view()));
  };
  const around = (write: () => void) => {
    const drawn = animated && running.length > 0;
    if (drawn) ports.stderr(CLEAR);
    write();
    if (drawn) draw();
  };
  const say = (view: StepView) =>
    around(() => ports.stderr(`${animated ? render(view) : formatStep(view)}\n`));
  const begin = (title: string): Progress => {
    const startMs = ports.nowMs();
    let detail = "";
    let saidMs = startMs;
    let state: StepView["state"] = "running";
    const view = (): StepView => ({ title, detail, state, elapsedMs: ports.nowMs() - startMs });
    const end = (how: "done" | "failed") => {
      if (state !== "running") return;
      state = how;
      if (running.includes(view)) running.splice(running.indexOf(view), 1);
      if (running.length === 0) {
        stop?.();
        stop = undefined;
        if (animated) ports.stderr(CLEAR);
      }
      say(view());
    };
    if (animated) {
      running.push(view);
      stop ??= ports.every(FRAME_MS, draw);
      draw();
    } else say(view());
    return {
      update(text) {
        detail = text;
        if (animated || ports.nowMs() - saidMs < PLAIN_MS) return;
        saidMs = ports.nowMs();
        say(view());
      },
      done(text = "") {
        detail = text;
        end("done");
      },
      [Symbol.dispose]: () => end("failed"),
    };
  };
  return { begin, around };
}

function isCi(env: Host["env"]): boolean {
  return env.CI !== undefined && env.CI !== "" && env.CI !== "false" && env.CI !== "0";
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
