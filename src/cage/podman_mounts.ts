import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir } from "../files.ts";
import { formatPath } from "../project/root.ts";
import type { CageMount } from "../workspace/types.ts";

/** Podman makes one line of each mount, and reads it again as fields. */
const UNSAFE = /[,"\r\n]/;

/**
 * The same mounts for Podman, which fills a tmpfs with what it covers: what is hidden is covered with
 * an empty directory instead. Pure.
 *
 * @param emptyDirectory On the host; nobody writes into it.
 * @throws {UserError} Of code `mask-refused`, where a path holds what Podman would take for an option
 * or for another path: a project must not choose what is mounted by naming a file.
 */
export function planPodmanMounts(
  mounts: readonly CageMount[],
  emptyDirectory: string,
): CageMount[] {
  for (const mount of mounts) {
    const paths = "source" in mount ? [mount.source, mount.target] : [mount.target];
    const unsafe = paths.find((path) => UNSAFE.test(path));
    if (unsafe === undefined) continue;
    throw new UserError(`Cannot mount ${formatPath(unsafe)}: Podman takes part of it for options`, {
      hint: "Rename it without comma, quote and line break, or use `workspace: { mode: copy }`",
      exit: EXIT.config,
      code: "mask-refused",
    });
  }
  return mounts.map((mount) =>
    mount.type === "tmpfs"
      ? { type: "bind", source: emptyDirectory, target: mount.target, readonly: true }
      : mount
  );
}

/** Readable for any uid inside; the directory around it keeps others on the host away. */
const EMPTY_MODE = 0o555;

/** Makes the directory that hidden ones are covered with; whatever was put into it would be shown. */
export async function ensureEmptyDirectory(stateDir: string): Promise<string> {
  const path = join(stateDir, "empty.d");
  await ensurePrivateDir(stateDir);
  if (await isEmptyDirectory(path)) return path;
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(path, { recursive: true, mode: EMPTY_MODE });
  await Deno.chmod(path, EMPTY_MODE);
  return path;
}

async function isEmptyDirectory(path: string): Promise<boolean> {
  try {
    const stat = await Deno.lstat(path);
    if (!stat.isDirectory || (stat.mode ?? 0) % 0o1000 !== EMPTY_MODE) return false;
    return (await Array.fromAsync(Deno.readDir(path))).length === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
