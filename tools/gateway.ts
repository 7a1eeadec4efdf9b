import { run } from "../src/engine/process.ts";

/**
 * This machine's address on a container network: where a server must listen to be reached from its
 * containers and from nowhere beyond.
 *
 * @throws {Error} If the network does not exist or has no gateway.
 */
export async function findGateway(network: string): Promise<string> {
  const format = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
  const result = await run("docker", ["network", "inspect", "--format", format, network], {
    timeoutMs: 30_000,
  });
  const gateway = result.stdout.trim().split(/\s+/).find((address) => address.includes("."));
  if (result.code !== 0 || gateway === undefined) {
    throw new Error(`No IPv4 gateway on network ${network}: ${result.stderr.trim()}`);
  }
  return gateway;
}
