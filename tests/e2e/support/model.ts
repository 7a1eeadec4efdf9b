import { run } from "../../../src/engine/process.ts";
import { NETWORK } from "../../../src/names.ts";
import { findGateway } from "../../../tools/gateway.ts";
import { type ModelServer, startModelServer } from "../../../tools/model/server.ts";
import { makeWorld } from "./world.ts";

/**
 * The scripted model on the address by which cages reach this machine. On an engine that never ran
 * a cage their network does not exist yet: one session makes it.
 */
export async function startModel(): Promise<ModelServer> {
  const known = await run("docker", ["network", "inspect", NETWORK.egress], { timeoutMs: 30_000 });
  if (known.code !== 0) {
    await using world = await makeWorld("network");
    await world.sandcage(["shell", "--", "true"]);
  }
  return await startModelServer({ hostname: await findGateway(NETWORK.egress), port: 0 });
}
