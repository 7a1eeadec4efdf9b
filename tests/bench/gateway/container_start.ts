import { startGatewayProcess } from "../../../src/cage/gateway_process.ts";
import { run } from "../../../src/engine/process.ts";
import { NETWORK } from "../../../src/names.ts";
import { planPolicy } from "./gateway.ts";
import type { Lab } from "./lab.ts";

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
