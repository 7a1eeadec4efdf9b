import { type ReloadReport, requestReload } from "../cage/reload.ts";
import { listCages } from "../cage/store.ts";
import { EXIT } from "../errors.ts";
import type { CommandContext } from "./context.ts";
import { formatCount } from "./output.ts";

/** How long running sessions may take to answer, in milliseconds; they do within one second. */
const ANSWER_MS = 5_000;

/**
 * Has running sessions take over what was just written, and says how it went.
 *
 * @param options.projectPath Only the sessions of this project; canonical.
 * @returns The exit code: 1 when a session goes on with what it had.
 */
export async function reloadSessions(
  context: CommandContext,
  options: { projectPath?: string } = {},
): Promise<number> {
  const { host, io } = context;
  const reports: ReloadReport[] = [];
  if (options.projectPath === undefined) {
    reports.push(...await requestReload(host.stateDir, { timeoutMs: ANSWER_MS }));
  } else {
    const cages = (await listCages(host.stateDir))
      .filter(({ projectPath }) => projectPath === options.projectPath);
    const answers = await Promise.all(
      cages.map(({ id }) => requestReload(host.stateDir, { cageId: id, timeoutMs: ANSWER_MS })),
    );
    reports.push(...answers.flat());
  }
  const { done, problems } = describeReload(reports);
  if (done !== undefined) io.talk(done);
  for (const problem of problems) io.warn(problem);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Says what became of a request to reload. Pure. */
export function describeReload(
  reports: readonly ReloadReport[],
): { done?: string; problems: string[] } {
  const applied = reports.filter(({ outcome }) => outcome === "applied").length;
  const problems = reports.filter(({ outcome }) => outcome !== "applied").map((report) => {
    const session = `The session of ${report.service} in ${report.cageId}`;
    return report.outcome === "silent"
      ? `${session} did not answer and may go on with what it had; end it to be sure: ` +
        `sandcage stop ${report.cageId}`
      : `${session} goes on with what it had: ${report.problems.join("; ")}`;
  });
  if (applied === 0) return { problems };
  const verb = applied === 1 ? "has" : "have";
  return { done: `${formatCount(applied, "running session")} ${verb} taken it over`, problems };
}
