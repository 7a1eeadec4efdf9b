import { join } from "node:path";
import { IMAGE } from "../../../src/names.ts";
import { docker } from "../../../tools/engine_state.ts";
import { makeWorld } from "./world.ts";

/** How a gateway runs outside its container: Node and the bundle, as its image has them. */
export type GatewayProgram = { node: string; bundle: string };

/** Where the gateway's image has its program. */
const INSIDE_IMAGE = { node: "/app/node", bundle: "/app/main.mjs" } as const;

/** The image that a session in mode `allowlist` would use now; built when it is not there. */
export async function findGatewayImage(): Promise<string> {
  await using world = await makeWorld("bench-gateway", { network: 'mode = "allowlist"' });
  const built = await world.sandcage(["build", "shell"], { timeoutMs: 1_200_000 });
  if (built.code !== 0) throw new Error(`sandcage build ended with ${built.code}: ${built.stderr}`);
  const { stdout } = await world.sandcage(["config", "show", "--compose"]);
  const image = new RegExp(`${IMAGE.gateway}:[\\w.-]+`).exec(stdout)?.[0];
  if (image === undefined) throw new Error("The compose document names no gateway");
  return image;
}

/**
 * Copies Node and the bundle out of the gateway's image: measured is what users run.
 *
 * @param image Reference of the image.
 */
export async function takeProgram(dir: string, image: string): Promise<GatewayProgram> {
  const container = await docker(["create", "--network", "none", image]);
  try {
    const program = { node: join(dir, "node"), bundle: join(dir, "gateway.mjs") };
    for (const part of ["node", "bundle"] as const) {
      // Through links: the image may name another version's folder.
      await docker(["cp", "--follow-link", `${container}:${INSIDE_IMAGE[part]}`, program[part]]);
    }
    return program;
  } finally {
    await docker(["rm", container]);
  }
}
