import { loadConfig } from "../config/layers.ts";
import type { Host } from "../host.ts";
import { findProject } from "../project/root.ts";
import { readInstalled } from "../service/installed.ts";

/**
 * Finds the names of the services that are installed or that a project's configuration speaks of.
 *
 * @param path The project, as on the command line; by default the current directory's.
 * @throws {UserError} If there is no project or its configuration is wrong.
 */
export async function findServiceNames(host: Host, path?: string): Promise<string[]> {
  const project = await findProject({ host, ...(path === undefined ? {} : { path }) });
  const [{ config }, { agents }] = await Promise.all([
    loadConfig(project.path, { host }),
    readInstalled(host.stateDir),
  ]);
  return [...new Set([...Object.keys(agents), ...Object.keys(config.services)])];
}
