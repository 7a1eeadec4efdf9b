import { join } from "node:path";
import { startGatewayProcess } from "../../../src/cage/gateway_process.ts";
import { run } from "../../../src/engine/process.ts";
import { IMAGE, NETWORK } from "../../../src/names.ts";
import { docker } from "../../../tools/engine_state.ts";
import { makeWorld } from "../../e2e/support/world.ts";
import { type GatewayProgram, planPolicy } from "./gateway.ts";
import type { Lab } from "./lab.ts";

/** Where the gateway's image has its program. */
const INSIDE_IMAGE = { node: "/usr/local/bin/node", bundle: "/opt/sandcage/gateway.mjs" } as const;

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

/** Time from `docker run` to a gateway that listens, in milliseconds. */
export async function takeContainerStart(lab: Lab, image: string): Promise<number> {
  const name = `sandcage-bench-gateway-${crypto.randomUUID().slice(0, 8)}`;
  const ready = Promise.withResolvers<void>();
  const startedMs = performance.now();
  const client = startGatewayProcess({
    command: "docker",
    args: [
      ...["run", "--rm", "--interactive", "--name", name, "--network", NETWORK.egress],
      ...["--read-only", "--cap-drop=ALL", "--user=65532:65532", "--memory=256m"],
      ...["--sysctl=net.ipv4.ip_unprivileged_port_start=0", "--log-driver=none", image],
    ],
    env: {},
  }, (message) => {
    if (message.type === "ready") ready.resolve();
    if (message.type === "failed") ready.reject(new Error(message.reason));
  });
  client.ended.then(({ stderr }) => ready.reject(new Error(`The gateway ended: ${stderr}`)));
  try {
    await client.send({
      type: "start",
      settings: {
        address: "127.0.0.1",
        agent: "127.0.0.2",
        inbound: [],
        dns: [lab.resolver],
        upstreamProxy: null,
        extraCa: [lab.authority],
        ca: null,
      },
      policy: planPolicy("terminate"),
    });
    await ready.promise;
    return performance.now() - startedMs;
  } finally {
    await client.close();
    await client.ended;
    await run("docker", ["rm", "--force", name], { timeoutMs: 30_000 });
  }
}
