import { dirname, join } from "node:path";

/** Only the user may enter or read sandcage's state. */
const PRIVATE = { dir: 0o700, file: 0o600 } as const;

/** Makes a directory that only the user can enter, parents included. */
export async function ensurePrivateDir(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: PRIVATE.dir });
}

/**
 * Writes a file that only the user can read, by temporary file and rename: a reader sees the old
 * text or the new one, never half, also when this process is killed or the disk is full.
 */
export async function writeFileAtomic(path: string, text: string): Promise<void> {
  await ensurePrivateDir(dirname(path));
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.writeTextFile(temporary, text, { mode: PRIVATE.file, createNew: true });
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfPresent(temporary);
    throw error;
  }
}

/** Reads a text file; `undefined` when there is none. */
export async function findText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether a file is there, symlinks followed; unreadable counts as absent. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Removes a file; absent is fine. */
export async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** An exclusive lock on a file, held until disposed or until this process dies, kill -9 included. */
export type FileLock = Disposable;

/**
 * Waits for the lock on `path`, making the file when it is absent. What is locked is what is there:
 * a file that somebody removed between its making and its lock is made again.
 */
export async function lockFile(path: string): Promise<FileLock> {
  for (;;) {
    await ensurePrivateDir(dirname(path));
    const file = await openLockFile(path);
    try {
      await file.lock(true);
      if (await isAt(path, file)) return { [Symbol.dispose]: () => file.close() };
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  // There what is open keeps its name.
  if (Deno.build.os === "windows") return true;
  try {
    const [there, locked] = [await Deno.stat(path), await file.stat()];
    return there.ino === locked.ino && there.dev === locked.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Takes the lock on `path` if nobody holds it; `undefined` when somebody does. */
export async function tryLockFile(path: string): Promise<FileLock | undefined> {
  await ensurePrivateDir(dirname(path));
  const file = await openLockFile(path);
  if (await file.tryLock(true)) return { [Symbol.dispose]: () => file.close() };
  file.close();
  return undefined;
}

function openLockFile(path: string): Promise<Deno.FsFile> {
  return Deno.open(path, { create: true, read: true, write: true, mode: PRIVATE.file });
}
