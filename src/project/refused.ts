import { dirname, join, resolve, sep } from "node:path";
import type { Host } from "../host.ts";

/**
 * Directories that a container needs for itself: a bind exactly there would shadow its system. What
 * lies below them (`/tmp/x`, `/usr/src/x`) is fine.
 */
const SYSTEM = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/home",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/opt",
  "/proc",
  "/root",
  "/run",
  "/sbin",
  "/sys",
  "/tmp",
  "/usr",
  "/var",
  "/private",
  "/private/tmp",
  "/private/var",
];

/** Directories of which nothing may ever reach a cage: the kernel's, the engine's, sandcage's own. */
const FORBIDDEN = [
  "/boot",
  "/dev",
  "/proc",
  "/sys",
  "/opt/cage",
  "/run/cage",
  "/var/lib/docker",
  "/var/lib/containerd",
];

/** Sockets that command an engine: whoever holds one is root on the machine. */
const ENGINE_SOCKETS = [
  "/var/run/docker.sock",
  "/run/docker.sock",
  "/run/containerd",
  "/run/podman",
];

/**
 * Says why a canonical absolute path may never be mounted into a cage, as the end of the sentence
 * "… because it is"; `undefined` when it may. Used for the project, for additional directories and
 * for configured mounts alike.
 *
 * @param real Canonical absolute path: symlinks already resolved.
 */
export async function findRefusal(real: string, host: Host): Promise<string | undefined> {
  const lexical = findLexicalRefusal(real, await canonicalHost(host));
  if (lexical !== undefined) return lexical;
  // Another name of the same directory: a bind mount, a case-insensitive file system.
  const self = await identity(real);
  if (self === undefined) return undefined;
  for (const [path, what] of [[host.home, HOME], [host.stateDir, STATE]] as const) {
    if (self === await identity(path)) return what;
  }
  return undefined;
}

const HOME = "your home directory";
const STATE = "sandcage's own state directory";

/** {@link findRefusal} by paths alone; `host` must hold canonical paths. */
export function findLexicalRefusal(
  real: string,
  host: Pick<Host, "home" | "stateDir">,
): string | undefined {
  if (dirname(real) === real) return "the root of the file system";
  if (real === host.home) return HOME;
  if (isInside(host.home, real)) return "a parent of your home directory";
  if (isSameOrInside(real, host.stateDir)) return STATE;
  if (isInside(host.stateDir, real)) return "a parent of sandcage's own state directory";
  if (isSameOrInside(real, join(host.home, ".ssh"))) return "your SSH directory";
  for (const socket of ENGINE_SOCKETS) {
    if (isSameOrInside(real, socket)) return "a socket of the container engine";
  }
  const forbidden = FORBIDDEN.find((path) => isSameOrInside(real, path));
  if (forbidden !== undefined) return `part of ${forbidden}`;
  if (SYSTEM.includes(real)) return "a system directory that the cage needs for itself";
  return undefined;
}

/** Asks whether `path` lies below `parent`; both absolute and normalised. */
export function isInside(path: string, parent: string): boolean {
  const prefix = parent.endsWith(sep) ? parent : parent + sep;
  return path.length > prefix.length && path.startsWith(prefix);
}

/** Asks whether `path` is `parent` or lies below it. */
export function isSameOrInside(path: string, parent: string): boolean {
  return path === parent || isInside(path, parent);
}

async function canonicalHost(host: Host): Promise<Pick<Host, "home" | "stateDir">> {
  const [home, stateDir] = await Promise.all([
    canonicalOrSelf(host.home),
    canonicalOrSelf(host.stateDir),
  ]);
  return { home, stateDir };
}

async function canonicalOrSelf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // Not made yet, as the state directory on the first run: its parent may still be a symlink.
    const parent = dirname(resolve(path));
    return parent === path ? path : join(await canonicalOrSelf(parent), path.slice(parent.length));
  }
}

async function identity(path: string): Promise<string | undefined> {
  try {
    const stat = await Deno.stat(path);
    return stat.ino === null ? undefined : `${stat.dev}:${stat.ino}`;
  } catch {
    // Absent: nothing is the same as it.
    return undefined;
  }
}
