import { basename, dirname, join, posix, win32 } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Origin } from "./merge.ts";
import type { Config } from "./schema.ts";

/**
 * Makes the host directories of `mounts` and `workspace.dirs` real paths, so that what is checked
 * and granted is what gets mounted, and refuses those that no cage may ever see. A mount keeps its
 * spelled path as its target.
 *
 * @throws {UserError} For `/`, the home directory, sandcage's state, `~/.ssh`, an engine socket, and
 *   every directory that holds one of them.
 */
export async function settleHostPaths(
  config: Config,
  origins: ReadonlyMap<string, Origin>,
  host: Host,
): Promise<Config> {
  const forbidden = await listForbidden(host);
  const settle = async (path: string, key: string) => {
    const real = await realPathOf(path);
    const reason = findForbidden(real, forbidden, host.platform) ??
      findForbidden(path, forbidden, host.platform);
    if (reason !== undefined) throw refusal(path, reason, { key, origin: origins.get(key) });
    return real;
  };
  const mounts = [];
  for (const [index, mount] of config.mounts.entries()) {
    const source = await settle(mount.source, `mounts[${index}]`);
    const target = mount.target ?? (source === mount.source ? undefined : mount.source);
    mounts.push({ ...mount, source, ...(target === undefined ? {} : { target }) });
  }
  const dirs = [];
  for (const [index, dir] of config.workspace.dirs.entries()) {
    dirs.push(await settle(dir, `workspace.dirs[${index}]`));
  }
  return { ...config, mounts, workspace: { ...config.workspace, dirs } };
}

/** A host path no cage may see; `inside` forbids what lies below it too. */
export type Forbidden = { path: string; name: string; inside: boolean };

/** What is wrong with mounting `path`, or `undefined`. Both sides are absolute. */
export function findForbidden(
  path: string,
  forbidden: readonly Forbidden[],
  platform: Host["platform"],
): string | undefined {
  const { relative, isAbsolute, sep } = platform === "windows" ? win32 : posix;
  const holds = (outer: string, inner: string) => {
    const steps = relative(outer, inner);
    return steps === "" || (steps !== ".." && !steps.startsWith(`..${sep}`) && !isAbsolute(steps));
  };
  for (const entry of forbidden) {
    if (relative(path, entry.path) === "") return `it is ${entry.name}`;
    if (holds(path, entry.path)) return `it holds ${entry.name}, ${entry.path}`;
    if (entry.inside && holds(entry.path, path)) return `it is inside ${entry.name}, ${entry.path}`;
  }
  return undefined;
}

async function listForbidden(host: Host): Promise<Forbidden[]> {
  const engine = "the engine's socket";
  const runtime = host.env.XDG_RUNTIME_DIR;
  const endpoint = host.env.DOCKER_HOST?.match(/^unix:\/\/(.+)$/)?.[1];
  const sockets = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    join(host.home, ".docker", "run", "docker.sock"),
    join(host.home, ".docker", "desktop", "docker.sock"),
    ...(runtime ? [join(runtime, "docker.sock"), join(runtime, "podman", "podman.sock")] : []),
    ...(endpoint === undefined ? [] : [endpoint]),
  ];
  const listed: Forbidden[] = [
    { path: host.home, name: "your home directory", inside: false },
    { path: host.stateDir, name: "sandcage's own state", inside: true },
    { path: join(host.home, ".ssh"), name: "your SSH keys", inside: true },
    ...sockets.map((path) => ({ path, name: engine, inside: true })),
  ];
  if (host.platform !== "windows") {
    listed.push({ path: "/", name: "the root directory", inside: false });
  }
  const real = await Promise.all(listed.map(async (entry) => ({
    ...entry,
    // What cannot be looked at is forbidden as spelled.
    path: await realPathOf(entry.path).catch(() => entry.path),
  })));
  // The root first: it holds all others, and its own name says more.
  return [...listed, ...real].sort((a, b) => a.path.length - b.path.length);
}

/** The real path of the part that exists, the rest as spelled. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    const parent = dirname(path);
    if (!(cause instanceof Deno.errors.NotFound) || parent === path) throw unreadable(path, cause);
    return join(await realPathOf(parent), basename(path));
  }
}

function unreadable(path: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`Cannot look at ${path}: ${reason}`, {
    exit: EXIT.config,
    code: "config-unreadable",
    hint: "A host path of the config must be one you can read",
    cause,
  });
}

function refusal(
  path: string,
  reason: string,
  options: { key: string; origin: Origin | undefined },
): UserError {
  const { key, origin } = options;
  const place = origin?.file ? `${origin.file}:${origin.line}:${origin.column}` : "command line";
  return new UserError(`${place}: ${key}: ${path} is never shown to a cage: ${reason}`, {
    exit: EXIT.config,
    code: "config-invalid",
    hint: "Mount a directory below it that holds only what the agent needs",
  });
}
