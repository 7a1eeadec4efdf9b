import { findCopyRecord } from "../../copy/record.ts";
import { type CopyState, findCopyState } from "../../copy/state.ts";
import { type KnownSession, listSessions } from "../../cage/sessions.ts";
import { cageDir, type CageRecord, listCages } from "../../cage/store.ts";
import type { RunRecord } from "../../headless/event.ts";
import { findLastRun } from "../../headless/runs.ts";
import type { CommandContext } from "../context.ts";
import { formatAge, formatCount, formatJson, formatTable } from "../output.ts";

/** One cage as `list --json` prints it. */
export type ListedCage = {
  id: string;
  /** What people call it; the id of a cage that mounts its project. */
  name: string;
  mode: "mount" | "copy" | "promote";
  state: CopyState;
  /** The service that `attach` opens; only of a copy cage. */
  service?: string;
  projectPath: string;
  createdAt: string;
  /** Directories of a copy cage, the project first. */
  dirs?: { name: string; path: string }[];
  /** Sessions whose client lives. */
  sessions: { id: string; service: string; container: string; startedAt: string }[];
  /** The last time an agent worked alone in it. */
  run?: Pick<RunRecord, "id" | "state" | "startedAt">;
};

/** `sandcage list`: what is on record here; needs no engine. */
export async function runList(options: { json: boolean }, context: CommandContext): Promise<void> {
  const { host, io } = context;
  const [cages, sessions] = await Promise.all([
    listCages(host.stateDir),
    listSessions(host.stateDir),
  ]);
  const live = sessions.filter((session) => session.live);
  const listed = await Promise.all(
    cages.map(async (cage) => ({
      ...await describeCage(cage, host.stateDir, { live }),
      ...await describeRun(cage.id, host.stateDir),
    })),
  );
  if (options.json) return io.out(formatJson(listed));
  if (listed.length === 0) return io.talk("No cages yet. Open one: sandcage claude");
  io.out(formatCages(listed, { nowMs: Date.now(), color: io.color }));
  io.talk(`${formatCount(listed.length, "cage")}, ${formatCount(live.length, "live session")}`);
}

async function describeRun(cageId: string, stateDir: string): Promise<Pick<ListedCage, "run">> {
  const run = await findLastRun(stateDir, cageId);
  if (run === undefined) return {};
  return { run: { id: run.id, state: run.state, startedAt: run.startedAt } };
}

async function describeCage(
  { id, projectPath, createdAt }: CageRecord,
  stateDir: string,
  options: { live: readonly KnownSession[] },
): Promise<ListedCage> {
  const own = options.live.filter(({ record }) => record.cageId === id);
  const sessions = own.map(({ record: { id, service, container, startedAt } }) => {
    return { id, service, container, startedAt };
  });
  const copy = await findCopyRecord(cageDir(stateDir, id));
  if (copy === undefined) {
    const state = sessions.length > 0 ? "running" : "stopped";
    return { id, name: id, mode: "mount", state, projectPath, createdAt, sessions };
  }
  return {
    id,
    name: copy.name,
    mode: copy.promote === undefined ? "copy" : "promote",
    state: await findCopyState(copy, { stateDir, sessions: own }),
    service: copy.service,
    projectPath,
    createdAt,
    dirs: copy.roots.map(({ name, hostPath }) => ({ name, path: hostPath })),
    sessions,
  };
}

/** Formats cages for people. Pure. */
export function formatCages(
  cages: readonly ListedCage[],
  options: { nowMs: number; color?: boolean },
): string {
  const rows = cages.map((cage) => [
    cage.name,
    cage.mode,
    cage.state,
    [
      ...new Set([
        ...cage.service === undefined ? [] : [cage.service],
        ...cage.sessions.map(({ service }) => service),
      ]),
    ].join(", ") || "-",
    formatAge(options.nowMs - Date.parse(cage.createdAt)),
    cage.projectPath,
    (cage.dirs ?? []).slice(1).map(({ name }) => name).join(", "),
  ]);
  const header = ["NAME", "MODE", "STATE", "SERVICE", "AGE", "PROJECT", "DIRS"];
  const hasDirs = rows.some((row) => row.at(-1) !== "");
  const width = hasDirs ? header.length : header.length - 1;
  return formatTable(header.slice(0, width), rows.map((row) => row.slice(0, width)), {
    color: options.color,
  });
}
