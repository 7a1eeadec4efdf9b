import type { Engine } from "../engine/engine.ts";
import { pause } from "../pause.ts";
import type { EndOfRun } from "./run_end.ts";

/** How long an agent may take to end once it is asked to, in seconds. */
const STOP_SECONDS = 10;

/** The end of a run that somebody asked for, and its means. */
export type AskedEnd = {
  /** The container is about to be. */
  running(agent: RunningAgent): void;
  ready(): void;
  /** Ends it; the first word counts. */
  end(how: EndOfRun): void;
  /** Ends it after a time, unless it has ended by then; says nothing of how. */
  endLater(ms: number): void;
  /** Somebody else ends it. */
  noteOnly(how: EndOfRun): void;
  how(): EndOfRun | undefined;
};

/** The agent, once its container is about to be. */
export type RunningAgent = { container: string; signal(name: Deno.Signal): void; ready(): void };

/** Makes the means to end a run; `over` is aborted when its agent has ended. */
export function createAskedEnd(engine: Pick<Engine, "docker">, over: AbortSignal): AskedEnd {
  let asked: EndOfRun | undefined;
  let running: RunningAgent | undefined;
  let isReady = false;
  const stop = async () => {
    if (running === undefined) return;
    const { container, signal } = running;
    const args = ["stop", "--time", String(STOP_SECONDS), container];
    const result = await engine.docker(args, { timeoutMs: (STOP_SECONDS + 20) * 1_000 })
      .catch(() => undefined);
    // The engine is gone: the client need not wait for it.
    if (result?.code !== 0) signal("SIGTERM");
  };
  return {
    running: (agent) => running = agent,
    ready() {
      if (isReady) return;
      isReady = true;
      running?.ready();
    },
    end(how) {
      if (asked !== undefined) return;
      asked = how;
      void stop();
    },
    endLater: (ms) => void pause(ms, over).then(() => over.aborted ? undefined : stop()),
    noteOnly: (how) => asked ??= how,
    how: () => asked,
  };
}
