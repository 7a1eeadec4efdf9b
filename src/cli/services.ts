import { loadConfig } from "../config/layers.ts";
import type { Host } from "../host.ts";
import { findProject } from "../project/root.ts";

/**
 * Finds the names of the services a project's configuration speaks of.
 *
 * @param path The project, as on the command line; by default the current directory's.
 * @throws {UserError} If there is no project or its configuration is wrong.
 */
export async function findServiceNames(host: Host, path?: string): Promise<string[]> {
  const project = await findProject({ host, ...(path === undefined ? {} : { path }) });
  const { config } = await loadConfig(project.path, { host });
  return Object.keys(config.services);
}
