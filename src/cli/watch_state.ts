import { type AuditTail, openAudit, parseAuditLine } from "../cage/audit_read.ts";
import { listSessions } from "../cage/sessions.ts";
import { cageDir, listCages } from "../cage/store.ts";
import { findCopyRecord } from "../copy/record.ts";
import { findCopyState } from "../copy/state.ts";
import type { RunRecord } from "../headless/event.ts";
import { isLiveState } from "../headless/run_record.ts";
import { findLastRun } from "../headless/runs.ts";

/** One cage as `watch --json` prints it. */
export type WatchedCage = {
  id: string;
  /** What people call it; the id of a cage that mounts its project. */
  name: string;
  mode: "mount" | "copy" | "promote";
  /** What runs or ran last in it; absent before the first session. */
  service?: string;
  /** Of the last launch, else of the cage: `running`, `stopped`. */
  state: string;
  /** Whether something runs in it. */
  isLive: boolean;
  /** Sessions whose client lives, the launched one among them. */
  sessions: number;
  /** The last launch. */
  run?: RunRecord;
  /** What its gateways refused since the last launch, or since its oldest session began. */
  blocked: number;
};

/** Looks at all cages again and again. */
export type Watch = AsyncDisposable & {
  /** How things stand now: what runs first, then what was launched last. Needs no engine. */
  look(): Promise<WatchedCage[]>;
};

/** Opens what is looked at; files are read on, not anew. */
export function openWatch(stateDir: string): Watch {
  const counters = new Map<string, BlockedCounter>();
  return {
    async look() {
      const [cages, sessions] = await Promise.all([listCages(stateDir), listSessions(stateDir)]);
      const live = sessions.filter((session) => session.live);
      for (const [id, counter] of counters) {
        if (cages.some((cage) => cage.id === id)) continue;
        counters.delete(id);
        await counter[Symbol.asyncDispose]();
      }
      const watched = await Promise.all(cages.map(async ({ id }): Promise<WatchedCage> => {
        const own = live.filter(({ record }) => record.cageId === id);
        const dir = cageDir(stateDir, id);
        const [copy, run] = await Promise.all([findCopyRecord(dir), findLastRun(stateDir, id)]);
        const counter = counters.get(id) ?? createBlockedCounter(dir);
        counters.set(id, counter);
        const services = [...new Set(own.map(({ record }) => record.service))].join(", ");
        const isRun = run !== undefined && (isLiveState(run.state) || own.length === 0);
        const service = isRun ? run.service : services || copy?.service;
        const resting = copy === undefined
          ? "stopped"
          : await findCopyState(copy, { stateDir, sessions: own });
        return {
          id,
          name: copy?.name ?? id,
          mode: copy === undefined ? "mount" : copy.promote === undefined ? "copy" : "promote",
          ...service === undefined ? {} : { service },
          state: isRun ? run.state : own.length > 0 ? "running" : resting,
          isLive: own.length > 0 || (run !== undefined && isLiveState(run.state)),
          sessions: own.length,
          ...run === undefined ? {} : { run },
          blocked: await counter.count(
            run?.startedAt ?? own.map(({ record }) => record.startedAt).sort()[0],
          ),
        };
      }));
      return watched.sort(byActivity);
    },
    async [Symbol.asyncDispose]() {
      for (const counter of counters.values()) await counter[Symbol.asyncDispose]();
    },
  };
}

function byActivity(a: WatchedCage, b: WatchedCage): number {
  if (a.isLive !== b.isLive) return a.isLive ? -1 : 1;
  const [x, y] = [a, b].map(({ run }) => run?.startedAt ?? "");
  if (x !== y) return x! < y! ? 1 : -1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

type BlockedCounter = AsyncDisposable & {
  /** What was refused since a time, ISO 8601; since the oldest line without one. */
  count(since: string | undefined): Promise<number>;
};

function createBlockedCounter(dir: string): BlockedCounter {
  let tail: AuditTail | undefined;
  let from: string | undefined;
  let blocked = 0;
  return {
    async count(since) {
      if (tail === undefined || since !== from) {
        await tail?.[Symbol.asyncDispose]();
        [tail, from, blocked] = [openAudit(dir), since, 0];
      }
      const sinceMs = since === undefined ? 0 : Date.parse(since);
      await tail.read((text) => {
        // Most lines are of what was allowed, and need no closer look.
        if (!text.includes('"deny"')) return;
        const line = parseAuditLine(text);
        if (line?.decision === "deny" && Date.parse(line.time) >= sinceMs) blocked++;
      });
      return blocked;
    },
    [Symbol.asyncDispose]: async () => await tail?.[Symbol.asyncDispose](),
  };
}
