import { basename, join } from "node:path";
import { ensurePrivateDir } from "../files.ts";

/** A place on the host for what an agent left where the host's git would execute it. */
export type Quarantine = {
  /** Moves a path there and answers its new place. What is moved is never executable. */
  take(path: string): Promise<string>;
};

/** Opens a quarantine below a cage's directory; nothing is made before something is taken. */
export function openQuarantine(cageDir: string, nowMs: number): Quarantine {
  const stamp = new Date(nowMs).toISOString().replaceAll(":", "-");
  let count = 0;
  return {
    async take(path) {
      const dir = join(cageDir, "quarantine", stamp, String(++count));
      await ensurePrivateDir(dir);
      const place = join(dir, basename(path));
      await move(path, place);
      return place;
    },
  };
}

async function move(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    // Another file system, as when the state directory is on another disk.
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    await copy(from, to);
    await Deno.remove(from, { recursive: true });
  }
  await disarm(to);
}

async function copy(from: string, to: string): Promise<void> {
  const stat = await Deno.lstat(from);
  if (stat.isSymlink) return await Deno.symlink(await Deno.readLink(from), to);
  if (stat.isFile) return await Deno.copyFile(from, to);
  if (!stat.isDirectory) return await Deno.writeTextFile(to, "neither a file nor a directory\n");
  await Deno.mkdir(to, { mode: 0o700 });
  for await (const entry of Deno.readDir(from)) {
    await copy(join(from, entry.name), join(to, entry.name));
  }
}

async function disarm(path: string): Promise<void> {
  const stat = await Deno.lstat(path);
  if (stat.isFile && Deno.build.os !== "windows") await Deno.chmod(path, 0o600);
  if (!stat.isDirectory) return;
  for await (const entry of Deno.readDir(path)) await disarm(join(path, entry.name));
}
