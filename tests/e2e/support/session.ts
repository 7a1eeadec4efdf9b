import { docker, listContainers } from "../../../tools/engine_state.ts";
import { waitFor } from "./files.ts";
import type { World } from "./world.ts";

/** The container of the session that is being started, once it runs. */
export async function waitForSession(world: World): Promise<string> {
  return await waitFor("the session", async () => {
    const [name] = await listContainers(world.root);
    if (name === undefined) return undefined;
    // An engine lists a container a moment before it knows it.
    const running = await docker(["ps", "--filter", `name=${name}`, "--format", "{{.Names}}"]);
    return running === name ? name : undefined;
  });
}
