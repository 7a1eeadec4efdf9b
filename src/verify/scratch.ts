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

/**
 * Makes one below the state directory, and removes what killed runs left there: its lock tells
 * whether somebody still uses it.
 */
export async function openScratch(stateDir: string, use: ScratchUse): Promise<Scratch> {
  const parent = join(stateDir, "verify", use.name);
  await ensurePrivateDir(parent);
  await sweepScratch(parent, use);
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

async function sweepScratch(parent: string, { clear }: ScratchUse): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory) continue;
    const dir = join(parent, name);
    const lock = await tryLockFile(lockOf(dir));
    if (lock === undefined) continue;
    await clear?.(dir);
    await Deno.remove(dir, { recursive: true }).catch(ignoreMissing);
    await Deno.remove(lockOf(dir)).catch(ignoreMissing);
    lock[Symbol.dispose]();
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
