import { isAbsolute, join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { formatPath, type Project } from "../project/root.ts";
import type { RuleSource, TreeRules } from "../tree/rules.ts";
import { findHostGitValue } from "../workspace/git_env.ts";

/** The rules of one transfer around those of the host's `.gitignore` files, in order: later ones win. */
export type HostRules = { before: TreeRules; after: TreeRules };

/** Where the rules come from. */
export type HostRulesOptions = {
  host: Pick<Host, "env" | "home" | "platform">;
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
 * Reads the rules of the host: caches, `core.excludesFile`, `info/exclude`, then the place of
 * `.gitignore` files, then `.cageprotect` at the root, the configuration's patterns, and what never
 * crosses. Nothing comes from a cage, and git is not run.
 *
 * @throws {UserError} When a file of rules is there and cannot be read: what it would keep back may
 * be secret.
 */
export async function readHostRules(options: HostRulesOptions): Promise<HostRules> {
  const { root, git, protect, hide = [] } = options;
  const [excludes, info, cageprotect] = await Promise.all([
    findExcludesFile(options),
    git.commonDir === undefined ? undefined : findSource(join(git.commonDir, "info", "exclude"), {
      origin: ".git/info/exclude",
    }),
    findSource(join(root, CAGEPROTECT), { origin: CAGEPROTECT, follow: false }),
  ]);
  const caches = options.includeCache === true ? [] : [listed(CACHES, "caches")];
  const before = [...caches, excludes, info];
  const after = [
    cageprotect,
    ...(protect.length === 0 ? [] : [listed(protect, "workspace.protect, --protect")]),
    ...(hide.length === 0 ? [] : [listed(hide, "workspace.hide")]),
    listed(FIXED, "sandcage"),
  ];
  const isThere = (source: RuleSource | undefined) => source !== undefined;
  return { before: before.filter(isThere), after: after.filter(isThere) };
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

/** @param options.follow Whether a link is read. Defaults to true. */
async function findSource(
  path: string,
  options: { origin: string; follow?: boolean },
): Promise<RuleSource | undefined> {
  try {
    const stat = options.follow === false ? await Deno.lstat(path) : await Deno.stat(path);
    if (stat.isDirectory) return undefined;
    if (options.follow === false && !stat.isFile) throw new Error("it is no ordinary file");
    if (stat.size > MOST_BYTES) throw new Error("it is larger than 4 MiB");
    return { base: "", text: await Deno.readTextFile(path), origin: options.origin };
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
