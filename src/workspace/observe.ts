import { dirname, join, resolve } from "node:path";
import type { Config } from "../config/schema.ts";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir } from "../files.ts";
import type { Host } from "../host.ts";
import { findLexicalRefusal, findRefusal, isInside, isSameOrInside } from "../project/refused.ts";
import { formatPath } from "../project/root.ts";
import { observeGit } from "./git_facts.ts";
import { insidePath } from "./inside_path.ts";
import { observeMatches } from "./patterns.ts";
import type { MountRoot, WorkspaceFacts } from "./types.ts";

/** The slice of the configuration the workspace depends on. */
export type WorkspaceConfig = {
  workspace: Pick<Config["workspace"], "hide" | "readonly" | "git" | "dirs">;
  mounts: Config["mounts"];
};

/** Where to look. */
export type ObserveOptions = {
  /** Canonical absolute path of the project. */
  project: string;
  host: Host;
  config: WorkspaceConfig;
};

/**
 * Looks at everything that reaches the cage from the host. `workspace.dirs` are treated as the
 * project is: same patterns, same protection of git.
 *
 * @throws {UserError} `mask-refused` by the patterns, `config-invalid` for a path that does not exist
 * or that no cage may have.
 */
export async function observeWorkspace(options: ObserveOptions): Promise<WorkspaceFacts> {
  const { host, config } = options;
  const places = await listPlaces(options);
  const visible = places.map((place) => place.source);
  const [emptyFile, ...roots] = await Promise.all([
    ensureEmptyFile(host.stateDir),
    ...places.map(async (place): Promise<MountRoot> => {
      const isTree = place.directory && place.origin !== "mounts";
      const [matches, git] = await Promise.all([
        isTree
          ? observeMatches(place.source, config.workspace, { visible })
          : { hidden: [], readonly: [], warnings: [] },
        place.directory ? observeGit(place.source) : { kind: "none" as const },
      ]);
      return { ...place, matches, git };
    }),
  ]);
  return {
    platform: host.platform,
    gitMode: config.workspace.git,
    roots,
    emptyFile,
    innerTargets: await observeTargets(places),
  };
}

type Place = Omit<MountRoot, "matches" | "git">;

async function listPlaces(options: ObserveOptions): Promise<Place[]> {
  const { host, config, project } = options;
  const places: Place[] = [{
    source: project,
    target: insidePath(project, host.platform),
    readonly: false,
    origin: "project",
    directory: true,
  }];
  for (const [at, dir] of config.workspace.dirs.entries()) {
    const key = `workspace.dirs[${at}]`;
    const { real, directory } = await settle(dir, { key, host, project });
    if (isSameOrInside(real, project)) continue;
    const target = insidePath(real, host.platform);
    places.push({ source: real, target, readonly: false, origin: "workspace.dirs", directory });
  }
  for (const [at, mount] of config.mounts.entries()) {
    const key = `mounts[${at}]`;
    const { real, directory } = await settle(mount.source, { key, host, project });
    const target = mount.target ?? insidePath(real, host.platform);
    checkTarget(target, key);
    const readonly = mount.readonly ?? true;
    places.push({ source: real, target, readonly, origin: "mounts", directory });
  }
  return places;
}

async function settle(
  path: string,
  at: { key: string; host: Host; project: string },
): Promise<{ real: string; directory: boolean }> {
  const place = `${at.key}: ${formatPath(path)}`;
  let real: string;
  let directory: boolean;
  try {
    real = await Deno.realPath(resolve(at.project, path));
    directory = (await Deno.stat(real)).isDirectory;
  } catch (cause) {
    throw new UserError(`Cannot mount ${place}: it does not exist or cannot be read`, {
      hint: `Create it, or remove the entry`,
      exit: EXIT.config,
      code: "config-invalid",
      cause,
    });
  }
  const refusal = await findRefusal(real, at.host);
  if (refusal === undefined) return { real, directory };
  throw new UserError(`Cannot mount ${place}: it is ${refusal}`, {
    hint: "Name a directory below it that holds nothing else",
    exit: EXIT.config,
    code: "config-invalid",
  });
}

function checkTarget(target: string, key: string): void {
  const isPlain = target.startsWith("/") &&
    !target.split("/").slice(1).some((part) => part === "" || part === "." || part === "..");
  const refusal = isPlain
    ? findLexicalRefusal(target, { home: "/home/agent", stateDir: "/run/cage" })
    : "not a plain absolute path";
  if (refusal === undefined) return;
  const why = target === "/home/agent" ? "the agent's home" : refusal;
  throw new UserError(`Cannot mount ${key} at ${formatPath(target)}: inside, that is ${why}`, {
    hint: `Give another absolute path as ${key}.target`,
    exit: EXIT.config,
    code: "config-invalid",
  });
}

/** A mount below another one needs an existing place there: the engine would make it on the host. */
async function observeTargets(
  places: readonly Place[],
): Promise<Record<string, "file" | "directory" | "absent">> {
  const kinds: Record<string, "file" | "directory" | "absent"> = {};
  for (const place of places) {
    const outer = places.filter((other) => isInside(place.target, other.target))
      .sort((a, b) => b.target.length - a.target.length)[0];
    if (outer === undefined) continue;
    const path = join(outer.source, place.target.slice(outer.target.length));
    try {
      kinds[place.target] = (await Deno.stat(path)).isDirectory ? "directory" : "file";
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      kinds[place.target] = "absent";
    }
  }
  return kinds;
}

/** Makes the file that hidden files are hidden with; whoever wrote into it would be shown inside. */
async function ensureEmptyFile(stateDir: string): Promise<string> {
  const path = join(stateDir, "empty");
  try {
    const stat = await Deno.lstat(path);
    if (stat.isFile && stat.size === 0) return path;
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await ensurePrivateDir(dirname(path));
  // Readable for any uid inside; the directory around it keeps others on the host away.
  await Deno.writeFile(path, new Uint8Array(), { mode: 0o444 });
  return path;
}
