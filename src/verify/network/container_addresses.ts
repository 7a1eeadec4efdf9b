import type { Engine } from "../../engine/engine.ts";
import type { GuardedCage } from "../internet/guarded.ts";

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

/**
 * A gateway's addresses: the one that its agent knows, and those on a way out.
 *
 * @throws {Error} As {@link findAddresses}, or if it is on no network of its agent's.
 */
export async function findSides(
  gateway: string,
  { cage, internet }: Pick<GuardedCage, "cage" | "internet">,
): Promise<{ inner: string; outer: string[] }> {
  const all = await findAddresses(gateway, cage.engine);
  const isOuter = ({ network }: NetworkAddress) => network === internet.network;
  const inner = all.find((each) => !isOuter(each));
  if (inner === undefined) throw new Error(`${gateway} is on no network of its agent's`);
  return { inner: inner.address, outer: all.filter(isOuter).map(({ address }) => address) };
}
