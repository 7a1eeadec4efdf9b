import { basename, dirname, join, posix, win32 } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { findRefusal } from "../project/refused.ts";
import type { Origin } from "./merge.ts";
import type { Config } from "./schema.ts";

/**
 * Makes the host directories of `mounts` and `workspace.dirs` real paths, so that what is checked
 * and granted is what gets mounted, and refuses those that no cage may ever see, whoever asks. A
 * mount keeps its spelled path as its target.
 *
 * @throws {UserError} For `/`, the home directory, sandcage's state, `~/.ssh`, an engine socket, and
 *   every directory that holds one of them.
 */
export async function settleHostPaths(
  config: Config,
  options: { origins: ReadonlyMap<string, Origin>; host: Host },
): Promise<Config> {
  const { origins, host } = options;
  const sockets = await listSockets(host);
  const settle = async (path: string, key: string) => {
    const real = await realPathOf(path);
    const reason = await findRefusal(real, host) ??
      findSocket(real, { sockets, platform: host.platform }) ??
      findSocket(path, { sockets, platform: host.platform });
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

/**
 * Says why mounting `path` would hand out an engine, as the end of "… because it is"; `undefined`
 * when it would not. Both sides are absolute. A directory that holds a socket is as good as it.
 */
export function findSocket(
  path: string,
  options: { sockets: readonly string[]; platform: Host["platform"] },
): string | undefined {
  const { relative, isAbsolute, sep } = options.platform === "windows" ? win32 : posix;
  const isOutside = (steps: string) =>
    steps === ".." || steps.startsWith(`..${sep}`) || isAbsolute(steps);
  for (const socket of options.sockets) {
    const steps = relative(path, socket);
    if (steps === "") return "a socket of the container engine";
    if (!isOutside(steps)) return `a directory that holds the engine's socket ${socket}`;
  }
  return undefined;
}

/** Where this user's engines listen, spelled and real. */
async function listSockets(host: Host): Promise<string[]> {
  const runtime = host.env.XDG_RUNTIME_DIR;
  const endpoint = host.env.DOCKER_HOST?.match(/^unix:\/\/(.+)$/)?.[1];
  const spelled = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    join(host.home, ".docker", "run", "docker.sock"),
    join(host.home, ".docker", "desktop", "docker.sock"),
    ...(runtime ? [join(runtime, "docker.sock"), join(runtime, "podman", "podman.sock")] : []),
    ...(endpoint === undefined ? [] : [endpoint]),
  ];
  // What cannot be looked at is refused as spelled.
  const real = await Promise.all(spelled.map((path) => realPathOf(path).catch(() => path)));
  return [...new Set([...spelled, ...real])];
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
  return new UserError(
    `${place}: ${key}: ${path} may never be shown to a cage because it is ${reason}`,
    {
      exit: EXIT.config,
      code: "config-invalid",
      hint: "Mount a directory that holds only what the agent needs",
    },
  );
}
