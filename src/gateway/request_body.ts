import type { Buffer } from "node:buffer";
import type { Readable, Transform } from "node:stream";
import { setImmediate } from "node:timers";
import type { UpstreamCall } from "./upstream_call.ts";
import type { BodyFraming } from "./request_guard.ts";

/** A request's body on its way, through a gate when there is one. */
export type BodyFlow = {
  /** How to announce it to the host. */
  framing: BodyFraming;
  /** Sends it. Once. */
  start(call: UpstreamCall): void;
  /** The host takes more again. */
  drain(): void;
  /** Stops for good. */
  stop(): void;
  /** Bytes sent to the host. */
  sent(): number;
  isDone(): boolean;
};

/** What to tell of a body that does not come through. */
export type BodyEvents = {
  /** The gate closed, with its reason. */
  onBlocked(error: Error): void;
};

const NO_BODY: BodyFlow = {
  framing: "none",
  start: (call) => call.end(),
  drain() {},
  stop() {},
  sent: () => 0,
  isDone: () => true,
};

/** The body of a request that has none. */
export function openNoBody(framing: BodyFraming): BodyFlow {
  return framing === "none" ? NO_BODY : { ...NO_BODY, framing };
}

/** A body that passes untouched. */
export function openPlainBody(source: Readable, framing: BodyFraming): BodyFlow {
  return makeFlow(source, { framing, stop: () => source.removeAllListeners("data").resume() });
}

/**
 * A body that passes a gate. Resolves when the gate lets the first byte, or the end, through; never
 * when it blocks, which `onBlocked` tells, also later.
 *
 * @param options.keepsLength What comes out is as long as what went in.
 */
export function openGatedBody(
  source: Readable,
  gate: Transform,
  options: BodyEvents & { framing: BodyFraming; keepsLength: boolean },
): Promise<BodyFlow> {
  const { promise, resolve } = Promise.withResolvers<BodyFlow>();
  const stop = () => {
    source.unpipe(gate);
    // What still comes is not wanted, and the answer cannot be read before it was taken.
    source.resume();
    if (!gate.destroyed) gate.destroy();
  };
  gate.on("error", (error) => {
    stop();
    options.onBlocked(error);
  });
  gate.once("readable", () => {
    const begin = () => {
      // A gate that has finished holds the whole body: its length is known.
      let framing: BodyFraming = "stream";
      if (gate.writableFinished) framing = gate.readableLength;
      else if (options.keepsLength) framing = options.framing;
      if (!gate.destroyed) resolve(makeFlow(gate, { framing, stop }));
    };
    // It says so only after this turn, if at all.
    if (gate.writableEnded) setImmediate(begin);
    else begin();
  });
  source.pipe(gate);
  return promise;
}

function makeFlow(
  source: Readable,
  options: { framing: BodyFraming; stop(): void },
): BodyFlow {
  let sent = 0;
  let isDone = false;
  let isStopped = false;
  return {
    framing: options.framing,
    start(call) {
      source.on("data", (chunk: Buffer) => {
        if (isStopped) return;
        sent += chunk.length;
        if (!call.write(chunk)) source.pause();
      });
      source.once("end", () => {
        isDone = true;
        if (!isStopped) call.end();
      });
      source.resume();
    },
    drain() {
      if (!isStopped) source.resume();
    },
    stop() {
      if (isDone || isStopped) return;
      isStopped = true;
      options.stop();
    },
    sent: () => sent,
    isDone: () => isDone,
  };
}
