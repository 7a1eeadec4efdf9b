import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { readGitPlace } from "../project/gitdir.ts";
import { findRefusal } from "../project/refused.ts";
import { formatPath, type Project } from "../project/root.ts";
import type { RuleSource, TreeRules } from "../tree/rules.ts";
import { findHostGitValue } from "../workspace/git_env.ts";

/** The rules of one transfer around those of the host's `.gitignore` files, in order: later ones win. */
export type HostRules = { before: TreeRules; after: TreeRules };

/** Where the rules come from. */
export type HostRulesOptions = {
  host: Host;
  /** Absolute path of the host's directory that travels, and what git knows of it. */
  root: string;
  git: Pick<Project, "gitDir" | "commonDir">;
  /** Caches travel too. Defaults to false. */
  includeCache?: boolean;
  /** `workspace.protect`, then what `--protect` gives. */
  protect: readonly string[];
  /** `workspace.hide`, for what goes in; nothing for what comes out. */
  hide?: readonly string[];
};

/** Made anew by tools, large, and of one machine. */
const CACHES = [
  "__pycache__/",
  "*.py[cod]",
  ".pytest_cache/",
  ".ruff_cache/",
  ".mypy_cache/",
  ".DS_Store",
  "node_modules/",
];

/**
 * Never crosses, whatever else is said: git's own files, environments that hold paths of one
 * machine, the file that says what may be replaced, and what an export puts aside or has in hand.
 */
const FIXED = [
  ...[".git", ".cageprotect", "venv/", ".venv/"],
  ...[".gitignore.pre-export", "/.sandcage-*.tmp"],
];

const CAGEPROTECT = ".cageprotect";

/** A file of patterns that is larger is no such file. */
const MOST_BYTES = 4 << 20;

/**
 * Reads the rules of the host: caches, `core.excludesFile`, `info/exclude`, the `.gitignore`
 * files of a repository that the root is only a part of, then the place of those at and below the
 * root, then `.cageprotect` at the root, the configuration's patterns, and what never
 * crosses. Nothing comes from a cage, and git is not run.
 *
 * @throws {UserError} When a file of rules is there and cannot be read: what it would keep back may
 * be secret.
 */
export async function readHostRules(options: HostRulesOptions): Promise<HostRules> {
  const { root, protect, hide = [] } = options;
  const above = await findRepositoryAbove(options);
  const git = above ?? options.git;
  const [excludes, info, parents, cageprotect] = await Promise.all([
    findExcludesFile({ ...options, git }),
    git.commonDir === undefined ? undefined : findSource(join(git.commonDir, "info", "exclude"), {
      origin: ".git/info/exclude",
      ...(above === undefined ? {} : { under: below(above.path, root) }),
    }),
    above === undefined ? [] : findParentRules(above.path, root),
    findSource(join(root, CAGEPROTECT), { origin: CAGEPROTECT, links: "refuse" }),
  ]);
  const caches = options.includeCache === true ? [] : [listed(CACHES, "caches")];
  const before = [...caches, excludes, info, ...parents];
  const after = [
    cageprotect,
    ...(protect.length === 0 ? [] : [listed(protect, "workspace.protect, --protect")]),
    ...(hide.length === 0 ? [] : [listed(hide, "workspace.hide")]),
    listed(FIXED, "sandcage"),
  ];
  const isThere = (source: RuleSource | undefined) => source !== undefined;
  return { before: before.filter(isThere), after: after.filter(isThere) };
}

/** The repository that a directory is a part of, without being its top; a refused one is none. */
async function findRepositoryAbove(
  { root, git, host }: HostRulesOptions,
): Promise<{ path: string; gitDir: string; commonDir: string } | undefined> {
  if (git.gitDir !== undefined) return undefined;
  for (let path = dirname(root); dirname(path) !== path; path = dirname(path)) {
    const place = await readGitPlace(path);
    if (place.git === "none") continue;
    // A home directory that is kept in git says nothing about the projects in it.
    if (await findRefusal(path, host) !== undefined) return undefined;
    return { path, gitDir: place.gitDir, commonDir: place.commonDir };
  }
  return undefined;
}

async function findParentRules(top: string, root: string): Promise<(RuleSource | undefined)[]> {
  const dirs: string[] = [];
  for (let dir = dirname(root); dir.length >= top.length; dir = dirname(dir)) dirs.unshift(dir);
  return await Promise.all(dirs.map((dir) =>
    findSource(join(dir, ".gitignore"), {
      origin: join(relative(root, dir), ".gitignore").replaceAll(sep, "/"),
      under: below(dir, root),
      links: "skip",
    })
  ));
}

function below(dir: string, root: string): string {
  return relative(dir, root).replaceAll(sep, "/");
}

function listed(patterns: readonly string[], origin: string): RuleSource {
  return { base: "", text: patterns.map((pattern) => `${pattern}\n`).join(""), origin };
}

async function findExcludesFile(options: HostRulesOptions): Promise<RuleSource | undefined> {
  const { host, root, git } = options;
  const value = await findHostGitValue("core.excludesfile", { host, project: git });
  const config = host.env.XDG_CONFIG_HOME || join(host.home, ".config");
  const path = value === undefined ? join(config, "git", "ignore") : expand(value, options);
  if (path === "") return undefined;
  const absolute = isAbsolute(path) ? path : join(root, path);
  return await findSource(absolute, { origin: value ?? "~/.config/git/ignore" });
}

function expand(path: string, { host }: Pick<HostRulesOptions, "host">): string {
  return path.startsWith("~/") ? join(host.home, path.slice(2)) : path;
}

/** @param options.links What becomes of a symlink. Defaults to `follow`. */
async function findSource(
  path: string,
  options: { origin: string; links?: "follow" | "refuse" | "skip"; under?: string },
): Promise<RuleSource | undefined> {
  const { origin, under, links = "follow" } = options;
  try {
    const stat = links === "follow" ? await Deno.stat(path) : await Deno.lstat(path);
    if (stat.isDirectory || (links === "skip" && !stat.isFile)) return undefined;
    if (links === "refuse" && !stat.isFile) throw new Error("it is no ordinary file");
    if (stat.size > MOST_BYTES) throw new Error("it is larger than 4 MiB");
    const text = await Deno.readTextFile(path);
    return { base: "", ...(under === undefined ? {} : { under }), text, origin };
  } catch (cause) {
    const isAbsent = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory;
    if (isAbsent) return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`Cannot read the rules in ${formatPath(path)}: ${why}`, {
      hint: "Make the file readable for your user, or remove it: what it keeps back may be secret",
      exit: EXIT.config,
      code: "config-unreadable",
      cause,
    });
  }
}
