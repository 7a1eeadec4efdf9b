import { join } from "node:path";
import { ensurePrivateDir, tryLockFile } from "../files.ts";

/** A directory for what a run of cases makes on the host; disposing it removes it. */
export type Scratch = AsyncDisposable & {
  /** Canonical absolute path. */
  path: string;
};

/** What is made in it besides files. */
export type ScratchUse = {
  /** Names it, so that only the same use sweeps what was left. */
  name: string;
  /** Removes what the directory of a killed run says is elsewhere, before it goes. */
  clear?(path: string): Promise<void>;
};

/** Makes one below the state directory; its lock tells others that it is used. */
export async function openScratch(
  stateDir: string,
  use: Pick<ScratchUse, "name">,
): Promise<Scratch> {
  const parent = parentOf(stateDir, use);
  await ensurePrivateDir(parent);
  const dir = await Deno.makeTempDir({ dir: parent });
  const lock = await tryLockFile(lockOf(dir));
  if (lock === undefined) throw new Error(`${dir} is somebody else's`);
  return {
    path: await Deno.realPath(dir),
    async [Symbol.asyncDispose]() {
      await Deno.remove(dir, { recursive: true });
      await Deno.remove(lockOf(dir));
      lock[Symbol.dispose]();
    },
  };
}

function lockOf(dir: string): string {
  return `${dir}.lock`;
}

function parentOf(stateDir: string, { name }: Pick<ScratchUse, "name">): string {
  return join(stateDir, "verify", name);
}

/** Removes what killed runs left: their locks are free. */
export async function sweepScratch(stateDir: string, use: ScratchUse): Promise<void> {
  const parent = parentOf(stateDir, use);
  for (const name of await listNames(parent)) {
    const dir = join(parent, name);
    const lock = await tryLockFile(lockOf(dir));
    if (lock === undefined) continue;
    await use.clear?.(dir);
    await Deno.remove(dir, { recursive: true }).catch(ignoreMissing);
    await Deno.remove(lockOf(dir)).catch(ignoreMissing);
    lock[Symbol.dispose]();
  }
}

async function listNames(parent: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(parent)))
      .filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  } catch (error) {
    ignoreMissing(error);
    return [];
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
