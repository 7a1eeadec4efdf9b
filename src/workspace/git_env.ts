import { dirname, isAbsolute, join } from "node:path";
import type { Host } from "../host.ts";
import { findGitValue, type GitConfigEntry, parseGitConfig } from "../project/git_config.ts";
import type { Project } from "../project/root.ts";

/** Who the user is to git; a part that the repository's own config sets is left out. */
export type GitIdentity = { name?: string; email?: string };

/**
 * The environment that makes git work inside. It outranks every config file, so an identity is only
 * passed where the repository has none of its own.
 *
 * @see {@link https://git-scm.com/docs/git-config#ENVIRONMENT}
 */
export function gitEnv(identity: GitIdentity): Record<string, string> {
  const settings: [string, string | undefined][] = [
    // The uid inside need not be the owner's.
    ["safe.directory", "*"],
    ["user.name", identity.name],
    ["user.email", identity.email],
    // Keys and signing programs are not inside.
    ["commit.gpgSign", "false"],
    ["tag.gpgSign", "false"],
    // A background gc would be killed with the session, half-way; the host's git does it.
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
    // A monitor of the host is not inside.
    ["core.fsmonitor", "false"],
  ];
  const env: Record<string, string> = {};
  let count = 0;
  for (const [key, value] of settings) {
    if (value === undefined) continue;
    env[`GIT_CONFIG_KEY_${count}`] = key;
    env[`GIT_CONFIG_VALUE_${count}`] = value;
    count++;
  }
  return { GIT_CONFIG_COUNT: String(count), ...env };
}

/**
 * Reads the user's identity from the host's git config files, without running git: in the order git
 * reads them, with `include.path` and `includeIf "gitdir:…"`.
 */
export async function readGitIdentity(
  host: Host,
  project: Pick<Project, "gitDir" | "commonDir">,
): Promise<GitIdentity> {
  const { own, entries } = await readGitConfig(host, project);
  const pick = (key: string) =>
    findGitValue(own, key) === undefined ? findGitValue(entries, key) : undefined;
  const [name, email] = [pick("user.name"), pick("user.email")];
  return { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
}

/**
 * Reads a value of the host's git config, the repository's before the user's; `undefined` where none
 * is set. As {@link readGitIdentity} reads.
 */
export async function findHostGitValue(
  key: string,
  at: {
    host: Pick<Host, "env" | "home" | "platform">;
    project: Pick<Project, "gitDir" | "commonDir">;
  },
): Promise<string | undefined> {
  const { own, entries } = await readGitConfig(at.host, at.project);
  return findGitValue(own, key) ?? findGitValue(entries, key);
}

/** The repository's own entries, and those of the user and the machine. */
async function readGitConfig(
  host: Pick<Host, "env" | "home" | "platform">,
  project: Pick<Project, "gitDir" | "commonDir">,
): Promise<{ own: GitConfigEntry[]; entries: GitConfigEntry[] }> {
  const context = { home: host.home, gitDir: project.gitDir };
  const files = host.env.GIT_CONFIG_GLOBAL !== undefined ? [host.env.GIT_CONFIG_GLOBAL] : [
    join(host.env.XDG_CONFIG_HOME || join(host.home, ".config"), "git", "config"),
    join(host.home, ".gitconfig"),
  ];
  const system = host.platform === "windows" ? [] : ["/etc/gitconfig"];
  const all = [...host.env.GIT_CONFIG_NOSYSTEM === undefined ? system : [], ...files];
  const [own, ...layers] = await Promise.all([
    project.commonDir === undefined ? [] : readEntries(join(project.commonDir, "config"), context),
    ...all.map((file) => readEntries(file, context)),
  ]);
  return { own, entries: layers.flat() };
}

/** git's own bound on nested includes. */
const MAX_INCLUDES = 10;

type Context = { home: string; gitDir: string | undefined; depth?: number };

async function readEntries(path: string, context: Context): Promise<GitConfigEntry[]> {
  const depth = context.depth ?? 0;
  if (depth > MAX_INCLUDES) return [];
  let parsed: GitConfigEntry[];
  try {
    parsed = parseGitConfig(await Deno.readTextFile(path));
  } catch {
    // Absent, unreadable or broken: git on the host says so; a cage without a name still starts.
    return [];
  }
  const entries: GitConfigEntry[] = [];
  for (const entry of parsed) {
    entries.push(entry);
    const condition = /^include(?:if\.(.*))?\.path$/s.exec(entry.key);
    if (condition === null || !isIncluded(condition[1], { ...context, file: path })) continue;
    const target = expand(entry.value, { home: context.home, file: path });
    entries.push(...await readEntries(target, { ...context, depth: depth + 1 }));
  }
  return entries;
}

function isIncluded(condition: string | undefined, at: Context & { file: string }): boolean {
  if (condition === undefined) return true;
  const match = /^gitdir(\/i)?:(.*)$/s.exec(condition);
  if (match === null || at.gitDir === undefined) return false;
  let pattern = match[2] ?? "";
  if (/^(~|\.)\//.test(pattern)) pattern = expand(pattern, at);
  else if (!pattern.startsWith("/")) pattern = `**/${pattern}`;
  if (pattern.endsWith("/")) pattern += "**";
  const source = pattern.split(/(\*\*\/|\/\*\*$|\*|\?)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "/**") return "/.*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  }).join("");
  return new RegExp(`^${source}$`, match[1] === undefined ? "s" : "si").test(at.gitDir);
}

function expand(path: string, at: { home: string; file: string }): string {
  if (path.startsWith("~/")) return at.home + path.slice(1);
  if (isAbsolute(path)) return path;
  return join(dirname(at.file), path);
}
