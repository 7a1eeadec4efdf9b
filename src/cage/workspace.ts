import type { Config } from "../config/schema.ts";
import type { Host } from "../host.ts";
import type { Project } from "../project/root.ts";
import type { CageMount } from "../workspace/types.ts";

/** How the project reaches this cage. */
export type CageWorkspace = {
  mounts: readonly CageMount[];
  /** Where the project is inside. */
  insidePath: string;
  /** Environment that makes git work inside. */
  env: Readonly<Record<string, string>>;
};

/** Looks at the project and plans its mounts. */
export function observeCageWorkspace(
  options: { project: Project; config: Config; dir: string; host: Host },
): Promise<CageWorkspace> {
  const { path } = options.project;
  return Promise.resolve({
    mounts: [{ type: "bind", source: path, target: path, readonly: false }],
    insidePath: path,
    env: {},
  });
}
