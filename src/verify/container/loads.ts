import type { PreparedCage } from "../../cage/prepare.ts";
import type { SessionContext } from "../../cage/session.ts";
import type { Finding } from "../case.ts";
import { openIdleSession } from "../idle_session.ts";
import program from "./loads.py" with { type: "text" };

/** What loads.py prints. */
export type Loads = {
  few: Forks;
  many: Forks;
  /** Signals that ended who took little memory, too much of it, and too much of a temporary folder. */
  little: number;
  much: number;
  disk: number;
};

type Forks = { count: number; stopped: string | null };

/** Small: the machine of whoever runs this has other work. What is configured is proved by C01. */
const LIMITS = { memory: "192m", pids: 96 } as const;
const MEMORY_BYTES = 192 * 1024 ** 2;

/** How long the engine may take to answer meanwhile, in milliseconds. */
const ANSWER_MS = 5_000;

const SIGKILL = 9;

/** Loads a session of its own until its limits hold, and asks the engine for a sign of life. */
export async function checkLoads(cage: PreparedCage, context: SessionContext): Promise<Finding> {
  const limited: PreparedCage = {
    ...cage,
    config: { ...cage.config, limits: { ...cage.config.limits, ...LIMITS } },
  };
  // That memory ran out is what it is for.
  const quiet = { ...context, io: { ...context.io, warn() {} } };
  await using session = await openIdleSession(limited, { first: ["true"], context: quiet });
  const loading = session.run(
    ["python3", "-", String(LIMITS.pids), String(MEMORY_BYTES)],
    { user: "agent", stdin: program },
  );
  const slowest = await measureAnswers(cage, loading);
  return judgeLoads(parseLoads(await loading), { slowestMs: slowest });
}

/** The slowest answer of the engine until something has ended, in milliseconds. */
async function measureAnswers(cage: PreparedCage, until: Promise<unknown>): Promise<number> {
  const ended = new AbortController();
  until.catch(() => {}).finally(() => ended.abort());
  let slowest = 0;
  while (!ended.signal.aborted) {
    const startedMs = performance.now();
    await cage.engine.docker(["version", "--format", "{{.Server.Version}}"]);
    slowest = Math.max(slowest, performance.now() - startedMs);
  }
  return slowest;
}

/**
 * Reads what loads.py printed. Pure.
 *
 * @throws {Error} If it is something else.
 */
export function parseLoads(text: string): Loads {
  try {
    const value: unknown = JSON.parse(text);
    if (isLoads(value)) return value;
  } catch {
    // Said below.
  }
  throw new Error(`What loaded the container said: ${text.slice(0, 200) || "nothing"}`);
}

function isLoads(value: unknown): value is Loads {
  return typeof value === "object" && value !== null && "few" in value && isForks(value.few) &&
    "many" in value && isForks(value.many) && "little" in value &&
    typeof value.little === "number" && "much" in value && typeof value.much === "number" &&
    "disk" in value && typeof value.disk === "number";
}

function isForks(value: unknown): value is Forks {
  return typeof value === "object" && value !== null && "count" in value &&
    typeof value.count === "number" && "stopped" in value &&
    (value.stopped === null || typeof value.stopped === "string");
}

/** Judges what gave way, and where. Pure. */
export function judgeLoads(loads: Loads, { slowestMs }: { slowestMs: number }): Finding {
  const { few, many, little, much, disk } = loads;
  const evidence = [
    ...(many.stopped === "EAGAIN" && many.count < LIMITS.pids
      ? []
      : [`${many.count} processes were let in, the limit is ${LIMITS.pids}`]),
    ...(much === SIGKILL ? [] : [`twice the memory was given (ended with ${much})`]),
    ...(disk === SIGKILL || disk > 0 ? [] : ["a temporary folder took more than the memory"]),
    ...(slowestMs <= ANSWER_MS
      ? []
      : [`the engine took ${(slowestMs / 1_000).toFixed(1)} s to answer`]),
  ];
  return {
    held: evidence.length === 0,
    control: few.stopped === null && few.count > 0 && little === 0,
    seen: `${many.count} of ${LIMITS.pids} processes, then refused; memory ended at its limit; ` +
      `engine answered within ${Math.ceil(slowestMs / 100) / 10} s`,
    evidence,
  };
}
