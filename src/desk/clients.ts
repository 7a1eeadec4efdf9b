import { dirname, join } from "node:path";
import { lockFile, removeIfPresent } from "../files.ts";
import { DESK } from "./desk.ts";
import { heldFiles, isLocked } from "../hold/held.ts";

/** A terminal that is attached to a desk, on record for as long as its process lives. */
export type DeskClient = AsyncDisposable & {
  /** Name of its client inside. */
  id: string;
};

/** Puts a terminal on record; the lock is dropped with this process, kill -9 included. */
export async function openDeskClient(stateDir: string, cageId: string): Promise<DeskClient> {
  const id = crypto.randomUUID().replaceAll("-", "");
  const path = join(clientsDir(stateDir, cageId), id);
  const lock = await lockFile(path);
  await Deno.writeTextFile(path, `${Deno.pid}\n`);
  return {
    id,
    async [Symbol.asyncDispose]() {
      lock[Symbol.dispose]();
      await removeIfPresent(path);
    },
  };
}

/** The terminals whose process was killed: their clients inside are still there. */
export async function findGoneClients(stateDir: string, cageId: string): Promise<string[]> {
  const dir = clientsDir(stateDir, cageId);
  const gone: string[] = [];
  for (const name of await listNames(dir)) {
    const path = join(dir, name);
    // One with nothing in it is about to be locked, or died before it had a client inside.
    if (await isWritten(path) && !await isLocked(path)) gone.push(name);
  }
  return gone;
}

async function isWritten(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Forgets a terminal whose client inside is gone. */
export async function forgetClient(
  stateDir: string,
  client: { cageId: string; id: string },
): Promise<void> {
  await removeIfPresent(join(clientsDir(stateDir, client.cageId), client.id));
}

function clientsDir(stateDir: string, cageId: string): string {
  return join(dirname(heldFiles(stateDir, { cageId, name: DESK }).record), "clients");
}

async function listNames(dir: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    return entries.map(({ name }) => name).filter((name) => /^[0-9a-f]{32}$/.test(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
