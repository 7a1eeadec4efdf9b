import type { Config } from "../config/schema.ts";
import { INSIDE } from "../names.ts";
import { gitEnv } from "../workspace/git_env.ts";
import type { CopyRecord } from "./record.ts";
import type { CageWorkspace } from "../cage/workspace.ts";

/** Who commits inside: nobody's name is in a cage that has files of its own. */
const AGENT_IDENTITY = { name: "agent", email: "agent@localhost" };

/** Plans what a copy cage sees: its volume of work, and nothing of the host. Pure. */
export function planCopyWorkspace(
  copy: Pick<CopyRecord, "volumes" | "promote">,
  config: Pick<Config, "mounts" | "ssh">,
): CageWorkspace {
  return {
    mounts: [
      { type: "volume", source: copy.volumes.work, target: INSIDE.work, readonly: false },
    ],
    watched: [],
    roots: [],
    insidePath: INSIDE.workProject,
    env: gitEnv(copy.promote?.ghost ?? AGENT_IDENTITY),
    warnings: [
      ...(config.mounts.length > 0 ? ["mounts"] : []),
      ...(config.ssh.enabled ? ["ssh.enabled"] : []),
      ...(config.ssh.agent ? ["ssh.agent"] : []),
    ].map((key) => `${key} has no effect in a cage with files of its own`),
  };
}

/**
 * The configuration as it is for a copy cage: its home is its own, or what one agent left behind
 * would be another's, and its record outranks what the project says by now. Pure.
 */
export function planCopyConfig(
  config: Config,
  copy: Pick<CopyRecord, "dockerfile" | "promote">,
): Config {
  return {
    ...config,
    workspace: { ...config.workspace, mode: copy.promote === undefined ? "copy" : "promote" },
    home: "project",
    ...(copy.dockerfile === undefined
      ? {}
      : { image: { ...config.image, dockerfile: copy.dockerfile } }),
  };
}
