import { NETWORK } from "../../../src/names.ts";
import { type ModelServer, startModelServer } from "../../../tools/model/server.ts";
import { findGateway } from "../../../tools/gateway.ts";

/** The scripted model on the address by which cages reach this machine. */
export async function startModel(): Promise<ModelServer> {
  return startModelServer({ hostname: await findGateway(NETWORK.egress), port: 0 });
}
