import { findCopyRecord } from "../copy/record.ts";
import { type CopyStatus, observeCopyStatus } from "../copy/status.ts";
import type { CageContext } from "../cage/prepare.ts";
import type { LoggedEvent, RunRecord } from "../headless/event.ts";
import { followRun } from "../headless/follow.ts";
import { parseLoggedEvent } from "../headless/parse_event.ts";
import { renderEvent } from "../headless/render.ts";
import { isLiveState } from "../headless/run_record.ts";
import { findLastRun } from "../headless/runs.ts";
import {
  type AgentProcess,
  findAgentProcess,
  parseTop,
  TOP_COLUMNS,
} from "../mail/agent_process.ts";
import { findRunning } from "../mail/place.ts";
import { mailDir, type MailSite } from "../mail/site.ts";
import { openMailStore } from "../mail/store.ts";
import { SHELL_SERVICE } from "../names.ts";
import { formatCount } from "./output.ts";
import type { CommandContext } from "./context.ts";
import type { MailTarget } from "./mail_target.ts";

/** How an agent without a terminal is, and why; `diagnose --json` prints it. */
export type Diagnosis = {
  cage: string;
  id: string;
  service: string;
  agent: AgentProcess;
  /** The last run; absent before the first. */
  run?: Pick<RunRecord, "id" | "state" | "startedAt" | "endedAt" | "exit" | "reason" | "events">;
  outbox: {
    unseen: number;
    all: number;
    malformed: number;
    last?: { type: string; at: string };
  };
  /** Messages for the agent that it has not got. */
  inbox: { waiting: number };
  /** What the work inside has come to; absent where it lies on this machine. */
  work?: {
    dirs: Pick<CopyStatus["dirs"][number], "name" | "pending">[];
    /** Commits inside that are not on this machine. */
    commits?: number;
    branch?: string;
  };
  /** The last events of the run, a line each. */
  log: string[];
  /** What could not be looked at. */
  problems: string[];
  suggestion: string;
};

/** Events of the log that are shown. */
const LOG_EVENTS = 8;

/** Looks at an agent from every side. Changes nothing. */
export async function diagnose(target: MailTarget, context: CommandContext): Promise<Diagnosis> {
  const { cage } = target;
  // It may have ended while somebody waited for it.
  const run = await findLastRun(context.host.stateDir, cage.id);
  const problems: string[] = [];
  const look = async <Found>(what: string, ask: () => Promise<Found>) => {
    try {
      return await ask();
    } catch (error) {
      context.signals?.signal.throwIfAborted();
      problems.push(`${what}: ${error instanceof Error ? error.message : error}`);
      return undefined;
    }
  };
  const site = await look("the engine", async () => (await target.open()).site);
  const service = site?.service ?? target.known;
  const [agent, work, log] = await Promise.all([
    site === undefined ? undefined : look("the agent's process", () => observeAgent(site)),
    look("the work inside", () => observeWork(target, context)),
    look("the log", () => run === undefined ? Promise.resolve([]) : readLog(run, context)),
  ]);
  const found: Omit<Diagnosis, "suggestion"> = {
    cage: cage.name,
    id: cage.id,
    service,
    agent: agent ?? { state: "unknown" },
    ...(run === undefined ? {} : { run: pickRun(run) }),
    ...readStore(target.dir, service),
    ...(work === undefined ? {} : { work }),
    log: log ?? [],
    problems,
  };
  return { ...found, suggestion: suggest(found) };
}

async function observeAgent(site: MailSite): Promise<AgentProcess> {
  const [container] = await findRunning(site);
  if (container === undefined) return { state: "absent" };
  const top = await site.engine.docker(["top", container, "-eo", TOP_COLUMNS]);
  if (top.code !== 0) throw new Error(top.stderr.trim());
  const names = site.service === SHELL_SERVICE ? [] : [site.service, ...site.programs];
  return findAgentProcess(parseTop(top.stdout), names);
}

function readStore(dir: string, service: string): Pick<Diagnosis, "outbox" | "inbox"> {
  const store = openMailStore(mailDir(dir));
  const all = store.outbox.last();
  const [last] = all === 0 ? [] : [...store.outbox.read({ seq: all - 1, segment: "", offset: 0 })];
  return {
    outbox: {
      unseen: Math.max(0, all - store.cursor("outbox").seq),
      all,
      malformed: store.bad.last(),
      ...(last === undefined ? {} : { last: { type: last.row.message.type, at: last.row.at } }),
    },
    inbox: { waiting: store.undelivered(service).length },
  };
}

async function observeWork(
  { dir }: MailTarget,
  context: CageContext,
): Promise<Diagnosis["work"]> {
  const copy = await findCopyRecord(dir);
  if (copy === undefined) return undefined;
  const { dirs, git } = await observeCopyStatus(copy, context);
  return {
    dirs: dirs.map(({ name, pending }) => ({
      name,
      ...(pending === undefined ? {} : { pending }),
    })),
    ...(git?.ahead === undefined ? {} : { commits: git.ahead }),
    ...(git?.branch === undefined ? {} : { branch: git.branch }),
  };
}

async function readLog(run: RunRecord, { host }: CommandContext): Promise<string[]> {
  const decoder = new TextDecoder();
  let text = "";
  await followRun(run, {
    stateDir: host.stateDir,
    cageId: run.cageId,
    runId: run.id,
    kind: "events",
    lines: LOG_EVENTS,
    follow: false,
    onRun() {},
    onBytes: (bytes) => text += decoder.decode(bytes),
    onWait() {},
  });
  const events = text.split("\n").map(parseLoggedEvent)
    .filter((event): event is LoggedEvent => event !== undefined);
  return events.map((event) => renderEvent(event, { color: false }).split("\n")[0]!);
}

function pickRun(run: RunRecord): Diagnosis["run"] {
  const { id, state, startedAt, endedAt, exit, reason, events } = run;
  return {
    id,
    state,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(exit === undefined ? {} : { exit }),
    ...(reason === undefined ? {} : { reason }),
    events,
  };
}

/** What to do next, in words; the first that fits. Pure. */
export function suggest(found: Omit<Diagnosis, "suggestion">): string {
  const { cage, agent, run, outbox, inbox } = found;
  if (outbox.unseen > 0) {
    return `Read what it sent: sandcage outbox ${cage} (${formatCount(outbox.unseen, "message")})`;
  }
  const isLive = run !== undefined && isLiveState(run.state);
  if (agent.state === "zombie") {
    return `The agent has ended and nothing noticed: sandcage stop ${cage}, then launch it again`;
  }
  if (run === undefined && agent.state === "absent") {
    return `It was never launched: sandcage launch ${cage} -p "…"`;
  }
  if (agent.state === "unknown") return "See whether the engine answers: sandcage doctor";
  if (isLive && agent.state === "absent") {
    return `Its run is on record as ${run.state}, and no agent is there: sandcage logs ${cage}`;
  }
  if (agent.state === "absent") {
    const how = run === undefined ? "" : ` (${run.state})`;
    return outbox.last?.type === "task_complete"
      ? `It is done${how}: sandcage diff ${cage}, then sandcage export ${cage}`
      : `It has ended${how} without task_complete: sandcage logs ${cage}`;
  }
  if (inbox.waiting > 0) return "Messages wait for it: it gets them when it calls cage-wait";
  switch (outbox.last?.type) {
    case "task_complete":
      return `It waits for a task_revision: review its work with sandcage diff ${cage}, then ` +
        `send one, or sandcage stop ${cage}`;
    case "info_request":
      return `It waits for an answer: sandcage inbox ${cage} info_response '{…}'`;
    default:
      return `It works: sandcage logs ${cage} -f, or sandcage outbox ${cage} --poll`;
  }
}
