import type { Config } from "../config/schema.ts";
import type { Engine } from "../engine/engine.ts";
import type { Host } from "../host.ts";
import type { Project } from "../project/root.ts";
import { findSshAgent, sshMounts } from "../ssh/mounts.ts";
import { gitEnv, readGitIdentity } from "../workspace/git_env.ts";
import { planMounts } from "../workspace/mount.ts";
import { observeWorkspace } from "../workspace/observe.ts";
import type { CageMount, MountPlan, MountRoot } from "../workspace/types.ts";

/** Everything of the host that a cage sees, as mounts and the environment that goes with them. */
export type CageWorkspace = Omit<MountPlan, "mounts"> & {
  mounts: readonly CageMount[];
  env: Readonly<Record<string, string>>;
  /** What is shown of the host, with what is hidden in it. */
  roots: readonly MountRoot[];
};

/** Looks at the project, further directories and the SSH set-up, and plans their mounts. */
export async function observeCageWorkspace(
  options: { project: Project; config: Config; engine: Engine; host: Host },
): Promise<CageWorkspace> {
  const { project, config, engine, host } = options;
  const [facts, ssh, identity] = await Promise.all([
    observeWorkspace({ project: project.path, host, config }),
    sshMounts(host.stateDir, config.ssh),
    readGitIdentity(host, project),
  ]);
  const plan = planMounts(facts);
  const agent = findSshAgent(host, {
    agent: config.ssh.agent,
    desktop: engine.capabilities.desktop,
  });
  return {
    ...plan,
    mounts: [...plan.mounts, ...ssh, ...(agent === undefined ? [] : [agent.mount])],
    env: { ...gitEnv(identity), ...agent?.env },
    roots: facts.roots,
  };
}
