import type { Engine } from "../../engine/engine.ts";

/** Where a container is on one network. */
export type NetworkAddress = { network: string; address: string };

const FORMAT = "{{range $name, $network := .NetworkSettings.Networks}}" +
  "{{$name}}={{$network.IPAddress}} {{end}}";

/**
 * IPv4 addresses of a container, one for each of its networks.
 *
 * @throws {Error} If it is not there, or on no network.
 */
export async function findAddresses(
  container: string,
  engine: Pick<Engine, "docker">,
): Promise<NetworkAddress[]> {
  const { code, stdout, stderr } = await engine.docker(["inspect", "--format", FORMAT, container]);
  const addresses = stdout.trim().split(" ").filter(Boolean).map((entry) => {
    const [network = "", address = ""] = entry.split("=");
    return { network, address };
  });
  if (code === 0 && addresses.length > 0) return addresses;
  throw new Error(`Where ${container} is cannot be told: ${stderr.trim()}`);
}
