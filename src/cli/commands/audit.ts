import { type AuditTail, openAudit, parseAuditLine } from "../../cage/audit_read.ts";
import { cageDir, listCageIds, listCages } from "../../cage/store.ts";
import { EXIT, UserError } from "../../errors.ts";
import { pause } from "../../pause.ts";
import { findProject } from "../../project/root.ts";
import type { AuditLine } from "../../policy/audit.ts";
import {
  type AuditFilter,
  formatAuditHeader,
  formatAuditJson,
  formatAuditLine,
  isWanted,
  parseSince,
} from "../audit_view.ts";
import type { CommandContext } from "../context.ts";
import { formatCount } from "../output.ts";

/** What `audit` can be told. */
export type AuditOptions = {
  /** Goes on until it is interrupted. */
  follow: boolean;
  blocked: boolean;
  json: boolean;
  /** A duration or a date. */
  since?: string;
  /** Every cage, not only those of this project. */
  all: boolean;
  path?: string;
};

/** Pause between two looks for new lines, in milliseconds. */
const LOOK_MS = 200;

/** `sandcage audit`: what the gateways of this project's cages decided. */
export async function runAudit(options: AuditOptions, context: CommandContext): Promise<void> {
  const { host, io, signals } = context;
  const filter = readFilter(options, Date.now());
  const signal = signals?.signal;
  const projectPath = options.all
    ? undefined
    : (await findProject({ host, path: options.path })).path;
  const tails = new Map<string, AuditTail>();
  let shown = 0;
  let broken = 0;
  const show = (lines: readonly AuditLine[]) => {
    for (const line of lines) {
      if (shown++ === 0 && !options.json) io.out(formatAuditHeader());
      io.out(options.json ? formatAuditJson(line) : formatAuditLine(line));
    }
  };
  try {
    for (;;) {
      await openTails(tails, { stateDir: host.stateDir, projectPath });
      const batch: AuditLine[] = [];
      const take = (text: string) => {
        const line = parseAuditLine(text);
        if (line === undefined) broken++;
        else if (isWanted(line, filter)) batch.push(line);
      };
      for (const tail of tails.values()) await tail.read(take);
      if (!options.follow) {
        for (const tail of tails.values()) if (tail.rest() !== "") take(tail.rest());
      }
      show(tails.size > 1 ? batch.toSorted((a, b) => (a.time < b.time ? -1 : 1)) : batch);
      if (broken > 0) io.warn(`${formatCount(broken, "line")} of the audit cannot be read`);
      broken = 0;
      if (!options.follow) break;
      await pause(LOOK_MS, signal);
      signal?.throwIfAborted();
    }
  } finally {
    for (const tail of tails.values()) await tail[Symbol.asyncDispose]();
  }
  if (shown === 0) io.talk(options.blocked ? "Nothing was blocked" : "Nothing was decided yet");
}

/** Opens the audit of cages that came since the last look. */
async function openTails(
  tails: Map<string, AuditTail>,
  options: { stateDir: string; projectPath: string | undefined },
): Promise<void> {
  const { stateDir, projectPath } = options;
  const ids = projectPath === undefined
    ? await listCageIds(stateDir)
    : (await listCages(stateDir)).filter((cage) => cage.projectPath === projectPath)
      .map(({ id }) => id);
  for (const id of ids) {
    if (!tails.has(id)) tails.set(id, openAudit(cageDir(stateDir, id)));
  }
}

function readFilter(options: AuditOptions, nowMs: number): AuditFilter {
  const { blocked, since } = options;
  if (since === undefined) return { blocked };
  const sinceMs = parseSince(since, nowMs);
  if (sinceMs !== undefined) return { blocked, sinceMs };
  throw new UserError(`Cannot read --since ${JSON.stringify(since)}`, {
    hint: "Give a duration such as 10m, 2h or 1d, or a date such as 2026-01-31T08:00:00Z",
    exit: EXIT.usage,
    code: "usage",
  });
}
