import { EXIT, UserError } from "../errors.ts";
import type { AuditEvent, AuditLine } from "../policy/audit.ts";
import type { PolicyDocument } from "../policy/document.ts";
import type { CageCa, GatewayMessage, GatewaySettings } from "../policy/protocol.ts";
import type { AuditLog } from "./audit_log.ts";
import type { GatewayProcess } from "./gateway_process.ts";
import { collectDenials, type Denials } from "./recap.ts";
import { pause } from "../pause.ts";

/** What became of a policy that was sent to a gateway. */
export type ApplyResult =
  | { outcome: "applied" }
  /** The one before stays in force. */
  | { outcome: "rejected"; problems: string[] }
  /** It did not answer; it is being started again, or the session ends. */
  | { outcome: "silent" };

/** The gateway of a session, kept alive until the session ends. */
export type SessionGateway = {
  /**
   * Resolves when it listens for the first time, with the authority it made if it was given none.
   * Rejects with a {@link UserError} when it cannot be started.
   */
  ready: Promise<CageCa | undefined>;
  /** Puts another policy in force; resolves within {@link APPLY_MS}. */
  apply(policy: PolicyDocument): Promise<ApplyResult>;
  /** What it refused so far. */
  denials(): Denials;
  /** Ends it, all its events on disk and its container gone. */
  close(): Promise<void>;
};

/** What a gateway is started with and what it needs from outside. */
export type GatewayOptions = {
  settings: GatewaySettings;
  policy: PolicyDocument;
  /** Whose events they are. */
  identity: Pick<AuditLine, "cage" | "service" | "session">;
  log: AuditLog;
  /** Starts a client; called again when a gateway ended by itself. */
  start(onMessage: (message: GatewayMessage) => void): GatewayProcess;
  /**
   * Removes the container of a gateway whose client did not: one that ended by itself, so that its
   * name is free again, or one that did not end in time.
   */
  clear(): Promise<void>;
};

/** How long a gateway may take to answer to a policy, in milliseconds. */
const APPLY_MS = 5_000;

/** How long an ending gateway may take to tell its last events, in milliseconds. */
const CLOSE_MS = 2_000;

/** Pauses before a gateway is started again, in milliseconds; the last one repeats. */
const RESTART_MS = [0, 500, 2_000, 10_000] as const;

/** Pause before events that could not be written are tried again, in milliseconds. */
const WRITE_AGAIN_MS = 500;

/** Starts the gateway of a session, and starts it again whenever it ends by itself. */
export function openGateway(options: GatewayOptions): SessionGateway {
  const { identity, log } = options;
  const denials = collectDenials();
  const ready = Promise.withResolvers<CageCa | undefined>();
  const closing = new AbortController();
  let { settings, policy } = options;
  let waiting: { version: number; settle(result: ApplyResult): void } | undefined;
  let wasReady = false;
  let failure: string | undefined;
  let lastCode = 0;
  let writing = Promise.resolve();
  let process = startOne();
  const done = supervise();
  // Whoever opens a gateway may end before it asks whether it is ready.
  ready.promise.catch(() => {});

  function startOne(): GatewayProcess {
    failure = undefined;
    const started = options.start(onMessage);
    void started.send({ type: "start", settings, policy });
    return started;
  }

  async function supervise(): Promise<void> {
    for (let restarts = 0;; restarts++) {
      const { code, stderr } = await process.ended;
      lastCode = code;
      waiting?.settle({ outcome: "silent" });
      if (closing.signal.aborted) return;
      const why = failure ?? lastLines(stderr) ?? `exit code ${code}`;
      if (!wasReady) return ready.reject(startError(why));
      record([{
        time: new Date().toISOString(),
        kind: "policy",
        decision: "deny",
        reason: "policy",
        detail: `the gateway ended (${why}) and is started again; until then nothing goes out`,
      }]);
      await pause(RESTART_MS[Math.min(restarts, RESTART_MS.length - 1)]!, closing.signal);
      if (closing.signal.aborted) return;
      await options.clear();
      process = startOne();
    }
  }

  function onMessage(message: GatewayMessage): void {
    switch (message.type) {
      case "ready":
        wasReady = true;
        // The same authority after a restart: agents trust it already.
        if (message.ca !== undefined) settings = { ...settings, ca: message.ca };
        return ready.resolve(message.ca);
      case "applied":
        if (message.version === waiting?.version) waiting.settle({ outcome: "applied" });
        return;
      case "rejected":
        if (message.version !== waiting?.version) return;
        return waiting.settle({ outcome: "rejected", problems: message.problems });
      case "audit":
        denials.add(message.events);
        return record(message.events, { process, sequence: message.sequence });
      case "failed":
        failure = message.reason;
        return;
    }
  }

  /** Writes events after those before them, again and again until they are written. */
  function record(
    events: readonly AuditEvent[],
    acknowledge?: { process: GatewayProcess; sequence: number },
  ): void {
    const lines = events.map((event) => ({ ...event, ...identity }));
    writing = writing.then(async () => {
      for (;;) {
        try {
          await log.write(lines);
          if (acknowledge === undefined) return;
          const { process, sequence } = acknowledge;
          return await process.send({ type: "audit-written", sequence });
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          await acknowledge?.process.send({ type: "audit-failed", reason });
          if (closing.signal.aborted) return;
          await pause(WRITE_AGAIN_MS, closing.signal);
        }
      }
    });
  }

  return {
    ready: ready.promise,
    async apply(next) {
      const answer = Promise.withResolvers<ApplyResult>();
      const timer = setTimeout(() => answer.resolve({ outcome: "silent" }), APPLY_MS);
      waiting = { version: next.version, settle: answer.resolve };
      await process.send({ type: "policy", policy: next });
      const result = await answer.promise;
      clearTimeout(timer);
      waiting = undefined;
      if (result.outcome === "applied") policy = next;
      return result;
    },
    denials: () => denials.read(),
    async close() {
      closing.abort();
      await process.close();
      const timer = setTimeout(() => process.kill(), CLOSE_MS);
      await done;
      clearTimeout(timer);
      // A client that ends well has removed its container.
      if (lastCode !== 0) await options.clear();
      await writing;
    },
  };
}

function startError(why: string): UserError {
  return new UserError(`The gateway did not start: ${why}`, {
    hint: "Nothing goes out without it. Run: sandcage doctor",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

function lastLines(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n").filter((line) => line.trim() !== "").slice(-3);
  return lines.length === 0 ? undefined : lines.join("; ");
}
