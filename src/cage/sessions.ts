import { join } from "node:path";
import { ensurePrivateDir, lockFile, removeIfPresent } from "../files.ts";
import { listCageIds } from "./store.ts";

/** One run of one service in a cage, as written down for whoever comes later. */
export type SessionRecord = {
  schema: 1;
  /** Eight hex digits. */
  id: string;
  cageId: string;
  service: string;
  container: string;
  /** Container of its gateway and name of its network; only in network mode `allowlist`. */
  gateway?: string;
  network?: string;
  /** Title of the engine the container runs on; another engine's sessions are not ours to reap. */
  engine: string;
  /** It publishes the config's ports; no other session of the cage can. */
  publishes: boolean;
  /** Runs unattended, kept by a process of its own: what it is, `desk` for one. */
  held?: string;
  /** ISO 8601. */
  startedAt: string;
  /** Process id of the client, for people; the lock is what tells whether it lives. */
  clientPid: number;
};

/**
 * A session of this process. Releasing the handle says that the client is gone; what it then leaves
 * on record is for the next command to settle.
 */
export type OpenSession = Disposable & {
  record: SessionRecord;
  /** Removes the record: call it when the container is gone, and not before. */
  forget(): Promise<void>;
};

/** A record and whether its client still lives. */
export type KnownSession = { record: SessionRecord; path: string; live: boolean };

/** Directory of the session files of one cage. */
export function sessionsDir(stateDir: string, cageId: string): string {
  return join(stateDir, "cages", cageId, "sessions");
}

/**
 * The compose file of one session; each has its own, as its network has. What is in it is JSON, which
 * is YAML too and needs no writer that takes time to load.
 */
export function sessionComposePath(
  stateDir: string,
  session: Pick<SessionRecord, "id" | "cageId">,
): string {
  return join(sessionsDir(stateDir, session.cageId), `${session.id}.compose.yml`);
}

/** Removes what stands on record of a session; its containers and its network are gone already. */
export async function forgetSession(
  stateDir: string,
  session: Pick<SessionRecord, "id" | "cageId">,
): Promise<void> {
  const dir = sessionsDir(stateDir, session.cageId);
  await Promise.all(
    [".compose.yml", ".reload", ".reloaded", ".sock"].map((end) =>
      removeIfPresent(join(dir, `${session.id}${end}`))
    ),
  );
  await removeIfPresent(join(dir, `${session.id}.json`));
}

/**
 * Writes the record of a session and locks it for the life of this process: the kernel drops the
 * lock also after kill -9, so the next command can tell an orphan without trusting process ids.
 */
export async function openSession(stateDir: string, record: SessionRecord): Promise<OpenSession> {
  const dir = sessionsDir(stateDir, record.cageId);
  await ensurePrivateDir(dir);
  const path = join(dir, `${record.id}.json`);
  const lock = await lockFile(path);
  await Deno.writeTextFile(path, JSON.stringify(record) + "\n");
  return {
    record,
    // The record goes while the lock is held: nobody may take it for an orphan's.
    forget: () => forgetSession(stateDir, record),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

/** Every session on record, of one cage or of all. */
export async function listSessions(stateDir: string, cageId?: string): Promise<KnownSession[]> {
  const ids = cageId === undefined ? await listCageIds(stateDir) : [cageId];
  const known = await Promise.all(ids.map((id) => listCageSessions(sessionsDir(stateDir, id))));
  return known.flat();
}

async function listCageSessions(dir: string): Promise<KnownSession[]> {
  const known: KnownSession[] = [];
  for (const name of await listNames(dir)) {
    const path = join(dir, name);
    const session = await findSession(path);
    if (session !== undefined) known.push(session);
  }
  return known;
}

async function findSession(path: string): Promise<KnownSession | undefined> {
  const file = await Deno.open(path, { read: true }).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  let live = true;
  // Not by `using`: the bundler drops one that is read once, and the lock would stay.
  try {
    // Those who look share it: none of them takes another one for the client.
    live = !await file.tryLock(false);
    const record = JSON.parse(await Deno.readTextFile(path));
    return { record, path, live };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    // Locked and empty: its client is about to write it. Unlocked: the client died before it could,
    // and so before it started a container.
    if (!live) await removeIfPresent(path);
    return undefined;
  } finally {
    file.close();
  }
}

async function listNames(dir: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    return entries.map((entry) => entry.name).filter((name) => name.endsWith(".json")).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
