import { networkInterfaces } from "node:os";

/** Every address of this machine, in this container. */
export function listOwnAddresses(): ReadonlySet<string> {
  return new Set(listAddresses().map(({ address }) => address));
}

/** IPv4 addresses on networks other than loopback and the cage's. */
export function listOuterAddresses(inner: string): string[] {
  return listAddresses()
    .filter(({ address, family, internal }) => family === "IPv4" && !internal && address !== inner)
    .map(({ address }) => address);
}

function listAddresses() {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
