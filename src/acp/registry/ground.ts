import { loadConfig } from "../../config/layers.ts";
import { connectEngine } from "../../engine/connect.ts";
import type { Host } from "../../host.ts";
import { observeImageFacts } from "../../image/observe.ts";
import type { Io } from "../../io.ts";
import type { InstallGround } from "./resolve.ts";

/**
 * Looks at what installing needs. Agents belong to the user: no file of a project is read, whatever
 * directory this is.
 */
export async function observeInstallGround(
  options: { host: Host; io: Io; engineContext?: string; signal?: AbortSignal },
): Promise<InstallGround> {
  const { host, io, engineContext, signal } = options;
  // The state directory holds the user's own file and is no project.
  const { config } = await loadConfig(host.stateDir, { host });
  const engine = await connectEngine({ host, context: engineContext ?? config.engine.context });
  const facts = await observeImageFacts(config, { host, engine, projectPath: host.stateDir });
  return { engine, host, io, config, facts, ...(signal === undefined ? {} : { signal }) };
}
