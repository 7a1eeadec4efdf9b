import { dirname, join } from "node:path";
import {
  type FileLock,
  lockFile,
  removeIfPresent,
  tryLockFile,
  writeFileAtomic,
} from "../../files.ts";
import type { Io } from "../../io.ts";
import {
  archivePath,
  type InstalledAgent,
  type InstalledFile,
  installedPath,
  readInstalled,
  registryDir,
} from "../../service/installed.ts";

/**
 * Takes the one lock under which agents are installed, updated and removed; waits for whoever holds
 * it. It ends with the process, kill -9 included.
 */
export async function lockRegistry(stateDir: string, io: Pick<Io, "talk">): Promise<FileLock> {
  const path = join(registryDir(stateDir), "registry.lock");
  const lock = await tryLockFile(path);
  if (lock !== undefined) return lock;
  io.talk("Another sandcage is installing agents; waiting for it");
  return await lockFile(path);
}

/** Records an agent and, when its archive was taken on trust, the archive's checksum. */
export async function recordAgent(stateDir: string, agent: InstalledAgent): Promise<void> {
  const file = await readInstalled(stateDir);
  const { origin } = agent;
  const pins = origin.kind === "binary" && origin.verified === "first-use"
    ? { ...file.pins, [origin.url]: origin.sha256 }
    : file.pins;
  await write(stateDir, { ...file, agents: { ...file.agents, [agent.id]: agent }, pins });
}

/** Forgets an agent. Pins stay: what they say about an address is as true as before. */
export async function forgetAgent(stateDir: string, id: string): Promise<void> {
  const file = await readInstalled(stateDir);
  const { [id]: _, ...agents } = file.agents;
  await write(stateDir, { ...file, agents });
}

/** Removes archives that no agent is made of, and what killed downloads left. */
export async function removeUnusedArchives(stateDir: string): Promise<void> {
  const { agents } = await readInstalled(stateDir);
  const used = new Set(
    Object.values(agents).flatMap(({ origin }) => origin.kind === "binary" ? [origin.sha256] : []),
  );
  const dir = dirname(archivePath(stateDir, "-"));
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (!used.has(name)) await removeIfPresent(join(dir, name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function write(stateDir: string, file: InstalledFile): Promise<void> {
  await writeFileAtomic(installedPath(stateDir), JSON.stringify(file, null, 2) + "\n");
}
