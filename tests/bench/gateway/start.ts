import { startGatewayProcess } from "../../../src/cage/gateway_process.ts";
import { run } from "../../../src/engine/process.ts";
import { NETWORK } from "../../../src/names.ts";
import type { GatewayProgram } from "../../e2e/support/gateway_program.ts";
import { planPolicy, planSettings } from "./gateway.ts";
import { ADDRESS, type Lab } from "./lab.ts";

/** Time from the start of Node to a gateway that listens, in milliseconds. */
export async function takeProcessStart(lab: Lab, program: GatewayProgram): Promise<number> {
  const command = { command: program.node, args: [program.bundle], env: {} };
  return await takeStart(lab, { command, address: ADDRESS.terminate });
}

/** Time from `docker run` to a gateway that listens, in milliseconds. */
export async function takeContainerStart(lab: Lab, image: string): Promise<number> {
  const name = `sandcage-bench-start-${crypto.randomUUID().slice(0, 8)}`;
  const args = [
    ...["run", "--rm", "--interactive", "--name", name, "--network", NETWORK.egress],
    ...["--read-only", "--cap-drop=ALL", "--user=65532:65532", "--memory=256m"],
    ...["--sysctl=net.ipv4.ip_unprivileged_port_start=0", "--log-driver=none", image],
  ];
  try {
    const command = { command: "docker", args, env: {} };
    return await takeStart(lab, { command, address: "127.0.0.1" });
  } finally {
    await run("docker", ["rm", "--force", name], { timeoutMs: 30_000 });
  }
}

type Started = { command: Parameters<typeof startGatewayProcess>[0]; address: string };

async function takeStart(lab: Lab, { command, address }: Started): Promise<number> {
  const ready = Promise.withResolvers<void>();
  const startedMs = performance.now();
  const client = startGatewayProcess(command, (message) => {
    if (message.type === "ready") ready.resolve();
    if (message.type === "failed") ready.reject(new Error(message.reason));
  });
  client.ended.then(({ stderr }) => ready.reject(new Error(`The gateway ended: ${stderr}`)));
  try {
    const policy = planPolicy("terminate");
    await client.send({ type: "start", settings: planSettings(lab, address), policy });
    await ready.promise;
    return performance.now() - startedMs;
  } finally {
    await client.close();
    await client.ended;
  }
}
