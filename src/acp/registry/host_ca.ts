import type { Host } from "../../host.ts";

/**
 * The authorities this machine trusts besides the public ones, a company's mostly: whoever stands
 * between this machine and the registry, images trust him as well.
 */
export async function findHostCa(host: Host): Promise<readonly string[]> {
  // `acp list` from its copy asks nobody and loads none of this.
  const [{ observeCa }, { run }] = await Promise.all([
    import("../../image/ca.ts"),
    import("../../engine/process.ts"),
  ]);
  return await observeCa("auto", { host, projectPath: host.stateDir, run });
}
