import { loadConfig } from "../../../src/config/layers.ts";
import { connectEngine } from "../../../src/engine/connect.ts";
import { observeHost } from "../../../src/host.ts";
import { observeImageFacts } from "../../../src/image/observe.ts";
import { planImages } from "../../../src/image/recipe.ts";
import { resolveService } from "../../../src/service/registry.ts";
import type { World } from "./world.ts";

/** The base image that the world's project stands on. */
export async function findBase(world: World): Promise<string> {
  const host = { ...observeHost(), env: world.env, home: world.home, stateDir: world.state };
  const engine = await connectEngine({ host });
  const { config } = await loadConfig(world.project, { host });
  const facts = await observeImageFacts(config, { host, engine, projectPath: world.project });
  const service = resolveService("shell", config);
  return planImages({ config, service, facts }).images[0]!.ref;
}
