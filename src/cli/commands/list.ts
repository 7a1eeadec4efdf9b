import { listSessions } from "../../cage/sessions.ts";
import { listCages } from "../../cage/store.ts";
import type { CommandContext } from "../context.ts";
import { formatAge, formatCount, formatJson, formatTable } from "../output.ts";

/** One cage as `list --json` prints it. */
export type ListedCage = {
  id: string;
  projectPath: string;
  createdAt: string;
  /** Sessions whose client lives. */
  sessions: { id: string; service: string; container: string; startedAt: string }[];
};

/** `sandcage list`: what is on record here; needs no engine. */
export async function runList(options: { json: boolean }, context: CommandContext): Promise<void> {
  const { host, io } = context;
  const [cages, sessions] = await Promise.all([
    listCages(host.stateDir),
    listSessions(host.stateDir),
  ]);
  const live = sessions.filter((session) => session.live).map(({ record }) => record);
  const listed = cages.map(({ id, projectPath, createdAt }): ListedCage => ({
    id,
    projectPath,
    createdAt,
    sessions: live.filter((session) => session.cageId === id)
      .map(({ id, service, container, startedAt }) => ({ id, service, container, startedAt })),
  }));
  if (options.json) return io.out(formatJson(listed));
  if (listed.length === 0) return io.talk("No cages yet. Open one: sandcage claude");
  io.out(formatCages(listed, { nowMs: Date.now(), color: io.color }));
  io.talk(`${formatCount(listed.length, "cage")}, ${formatCount(live.length, "live session")}`);
}

/** Formats cages for people. Pure. */
export function formatCages(
  cages: readonly ListedCage[],
  options: { nowMs: number; color?: boolean },
): string {
  const rows = cages.map((cage) => [
    cage.id,
    cage.sessions.map(({ service }) => service).join(", ") || "-",
    formatAge(options.nowMs - Date.parse(cage.createdAt)),
    cage.projectPath,
  ]);
  return formatTable(["CAGE", "SESSIONS", "AGE", "PROJECT"], rows, { color: options.color });
}
