import type { Config } from "../config/schema.ts";
import type { Host } from "../host.ts";
import { type Project, recordedProject } from "../project/root.ts";
import { type HostRules, readHostRules } from "./host_rules.ts";
import type { CageRoot } from "./types.ts";

/** What decides about the files of one transfer. */
export type RootRulesOptions = {
  host: Host;
  config: Pick<Config, "workspace">;
  /** What `workspace.hide` names does not go in, and is nobody's business on the way out. */
  direction: "in" | "out";
  includeCache?: boolean;
  /** Patterns for this time only. */
  protect?: readonly string[];
};

/** Reads the rules of a directory of a cage on the host. */
export async function readRootRules(
  root: CageRoot,
  options: RootRulesOptions,
): Promise<HostRules> {
  const { host, config: { workspace }, direction, includeCache, protect = [] } = options;
  return await readHostRules({
    host,
    root: root.hostPath,
    git: await findGit(root.hostPath),
    includeCache: includeCache === true,
    protect: [...workspace.protect, ...protect],
    hide: direction === "in" ? workspace.hide : [],
  });
}

async function findGit(path: string): Promise<Pick<Project, "gitDir" | "commonDir">> {
  try {
    // Not every directory may be a project: the clone of a cage lies among sandcage's own files.
    const { gitDir, commonDir } = await recordedProject(path);
    return {
      ...(gitDir === undefined ? {} : { gitDir }),
      ...(commonDir === undefined ? {} : { commonDir }),
    };
  } catch {
    // A directory with a broken `.git` has no rules of git's own.
    return {};
  }
}
