import type { Io } from "../io.ts";
import type { MountRoot } from "../workspace/types.ts";
import { formatTamper, openGitGuard } from "../workspace/tamper.ts";
import { findBaseline } from "../workspace/git_snapshot.ts";
import { listSessions } from "./sessions.ts";

/** Watches over what a session could do to the host's git while nobody looks. */
export type SessionGuard = {
  /** Compares and restores; after the container is gone, before the session's record is. */
  close(): Promise<void>;
};

/** What is needed of a cage. */
export type GuardedCage = {
  id: string;
  dir: string;
  workspace: { roots: readonly Pick<MountRoot, "source" | "readonly">[] };
};

/** Where sessions are on record, and who is told. */
export type GuardOptions = { stateDir: string; io: Pick<Io, "warn"> };

/**
 * Opens the guard of a session, whose record is open already, before its container starts. Sessions
 * of one cage share a baseline: the second must not take for good what the first has done.
 */
export async function openSessionGuard(
  cage: GuardedCage,
  options: GuardOptions,
): Promise<SessionGuard> {
  const { stateDir, io } = options;
  const guard = await openGitGuard({
    roots: cage.workspace.roots.filter(({ readonly }) => !readonly).map(({ source }) => source),
    cageDir: cage.dir,
    live: await countLive(stateDir, cage.id) > 1,
  });
  for (const line of formatTamper(guard.found)) io.warn(line);
  return {
    async close() {
      const last = await countLive(stateDir, cage.id) <= 1;
      for (const line of formatTamper(await guard.close({ last }))) io.warn(line);
    },
  };
}

/**
 * Restores what a session whose client was killed has left, unless others still run.
 *
 * @returns Whether anything was there to restore: then the project has to be looked at again.
 */
export async function settleKilledSession(
  cage: Pick<GuardedCage, "id" | "dir">,
  options: GuardOptions,
): Promise<boolean> {
  if (await findBaseline(cage.dir) === undefined) return false;
  if (await countLive(options.stateDir, cage.id) > 0) return false;
  const guard = await openGitGuard({ roots: [], cageDir: cage.dir, live: false });
  for (const line of formatTamper(guard.found)) options.io.warn(line);
  await guard.close({ last: true });
  return guard.found.length > 0;
}

async function countLive(stateDir: string, cageId: string): Promise<number> {
  return (await listSessions(stateDir, cageId)).filter(({ live }) => live).length;
}
