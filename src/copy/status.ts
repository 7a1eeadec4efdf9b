import { inspectAll } from "../engine/inspect.ts";
import { UserError } from "../errors.ts";
import { LABEL } from "../names.ts";
import { openCourier } from "../transfer/courier.ts";
import { observePending, type PendingDir } from "./changes.ts";
import { type InsideGit, observeInsideGit } from "./inside.ts";
import type { CopyRecord } from "./record.ts";
import { openCopySite } from "./site.ts";
import { type CopyState, findCopyState } from "./state.ts";
import { connectCopyEngine } from "./sweep.ts";
import { DESK } from "../desk/desk.ts";
import { observeHeld } from "../hold/held.ts";
import type { CageContext } from "../cage/prepare.ts";
import { listSessions } from "../cage/sessions.ts";

/** How things stand with a copy cage; `status --json` prints it. */
export type CopyStatus = {
  name: string;
  id: string;
  state: CopyState;
  service: string;
  authMode: CopyRecord["authMode"];
  engine: { title: string; reachable: boolean; problem?: string };
  source: CopyRecord["source"];
  createdAt: string;
  exportedAt?: string;
  sessions: { id: string; service: string; startedAt: string }[];
  /** The project first; `pending` is absent when it cannot be told. */
  dirs: { name: string; path: string; pending?: Omit<PendingDir, "name"> }[];
  /** The repository inside; absent when there is none or it cannot be told. */
  git?: InsideGit & { base?: string };
  checkpoints?: { name: string; takenAt: string; bytes: number }[];
  /** What could not be looked at, each with its reason. */
  problems: string[];
  /** What to do next, in words. */
  next: string;
};

/** Looks at a cage: its record, its engine, its files, its repository. Changes nothing. */
export async function observeCopyStatus(
  copy: CopyRecord,
  context: CageContext,
): Promise<CopyStatus> {
  const { stateDir } = context.host;
  const sessions = (await listSessions(stateDir, copy.id)).filter(({ live }) => live);
  const state = await findCopyState(copy, { stateDir, sessions });
  const problems: string[] = [];
  const engine = await observeEngine(copy, context);
  const isWhole = copy.state === "ready" && engine.reachable;
  if (engine.problem !== undefined) problems.push(engine.problem);
  const desk = await observeHeld(stateDir, { cageId: copy.id, name: DESK });
  if (desk.kind === "cut-off") {
    problems.push(
      "what held it was killed, and its way out with it: start it again with sandcage attach",
    );
  }
  const look = async <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> => {
    if (!isWhole || engine.problem !== undefined) return undefined;
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
  const [pending, git, checkpoints] = await Promise.all([
    look("files inside", () => observePending(copy, context)),
    look("repository inside", () => observeInsideGit(copy, context)),
    look("checkpoints", () => listCheckpoints(copy, context)),
  ]);
  if (git === "no image") problems.push("repository inside: no image is there to look with");
  const status: Omit<CopyStatus, "next"> = {
    name: copy.name,
    id: copy.id,
    state,
    service: copy.service,
    authMode: copy.authMode,
    engine,
    source: copy.source,
    createdAt: copy.createdAt,
    ...(copy.exportedAt === undefined ? {} : { exportedAt: copy.exportedAt }),
    sessions: sessions.map(({ record: { id, service, startedAt } }) => ({
      id,
      service,
      startedAt,
    })),
    dirs: copy.roots.map(({ name, hostPath }) => {
      const found = pending?.find((dir) => dir.name === name);
      if (found === undefined) return { name, path: hostPath };
      const { name: _, ...counts } = found;
      return { name, path: hostPath, pending: counts };
    }),
    ...(git === undefined || git === "no image" ? {} : {
      git: { ...git, ...(copy.baseCommit === undefined ? {} : { base: copy.baseCommit }) },
    }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
    problems,
  };
  return { ...status, next: planNext(status) };
}

/** The next step for a person. Pure. */
export function planNext(status: Omit<CopyStatus, "next">): string {
  const { name, state, engine, dirs, git } = status;
  if (state === "filling") return "Wait until it is made";
  if (state === "interrupted") return `Remove it: sandcage destroy ${name}; or make it anew`;
  if (!engine.reachable) return "Start its engine, then look again";
  if (engine.problem !== undefined) return `Make it anew: sandcage destroy ${name}`;
  const sum = (count: (pending: Omit<PendingDir, "name">) => number) =>
    dirs.reduce((sum, { pending }) => sum + (pending === undefined ? 0 : count(pending)), 0);
  const inner = sum(({ inner }) => inner);
  const host = sum(({ host }) => host);
  const conflicts = sum(({ conflicts }) => conflicts);
  const all = dirs.length > 1 ? " --all" : "";
  if (conflicts > 0) return `Settle what changed on both sides: sandcage diff ${name}${all}`;
  if (inner > 0) {
    return `Review what came about: sandcage diff ${name}${all}; ` +
      `bring it here: sandcage export ${name}${all}`;
  }
  if (git !== undefined && (git.ahead ?? 0) > 0) return `Take its commits: sandcage patch ${name}`;
  if (host > 0) return `Send what you changed: sandcage sync ${name}${all}`;
  return `Go on: sandcage attach ${name}`;
}

async function observeEngine(
  copy: CopyRecord,
  context: CageContext,
): Promise<CopyStatus["engine"]> {
  if (copy.engine === "") return { title: "none yet", reachable: true };
  try {
    const engine = await connectCopyEngine(copy, context);
    const { work } = copy.volumes;
    const found = (await inspectAll(engine, [work])).get(work);
    if (copy.state !== "ready" || found?.labels[LABEL.managed] === "true") {
      return { title: copy.engine, reachable: true };
    }
    const problem = `The volume ${work} with its files is not on the engine any more`;
    return { title: copy.engine, reachable: true, problem };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { title: copy.engine, reachable: false, problem: error.message };
  }
}

async function listCheckpoints(copy: CopyRecord, context: CageContext) {
  const { cage } = await openCopySite(copy, context);
  await using courier = await openCourier(cage, { signal: context.signal });
  return (await courier.checkpoints()).map(({ name, takenAt, bytes }) => ({
    name,
    takenAt,
    bytes,
  }));
}
