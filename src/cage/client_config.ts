import { join } from "node:path";
import { findText, writeFileAtomic } from "../files.ts";

/**
 * The docker client lets go of a container at Ctrl-P Ctrl-Q, and so holds every Ctrl-P back: in a
 * shell or an agent that is "previous line". There is no way to turn it off, only to move it where
 * nobody types it.
 *
 * @see {@link https://docs.docker.com/reference/cli/docker/#default-key-sequence-to-detach-from-containers}
 */
const CONFIG = JSON.stringify({ detachKeys: "ctrl-^,ctrl-^,ctrl-^,ctrl-^" }) + "\n";

/**
 * Environment that gives the client of one session this configuration instead of the user's. The
 * user's would be needed for contexts and logins: so only where the engine is spoken to by its URL.
 *
 * @param url Where the engine listens; `undefined` when only the user's configuration knows.
 */
export async function planClientEnv(
  stateDir: string,
  url: string | undefined,
): Promise<Record<string, string>> {
  if (url === undefined || !/^(unix|npipe):/.test(url)) return {};
  const dir = join(stateDir, "docker-client");
  const path = join(dir, "config.json");
  if (await findText(path) !== CONFIG) await writeFileAtomic(path, CONFIG);
  return { DOCKER_CONFIG: dir, DOCKER_HOST: url };
}
