import { NAMES } from "../names.ts";

/** Addresses of the campaign; every other one is the decoy's. */
export const ADDRESS = {
  gateway: "10.99.0.2",
  agent: "10.99.0.3",
  resolver: "203.0.113.53",
  decoy: "203.0.113.66",
} as const;

/** Where each allowed name is. What no rule allows is the decoy's. */
export function findOrigin(name: string): string {
  if (name === NAMES.allowed || name.endsWith(".wild.test")) return "203.0.113.10";
  if (name === NAMES.inject) return "203.0.113.11";
  if (name === NAMES.scoped) return "203.0.113.12";
  return name === NAMES.splice ? "203.0.113.13" : ADDRESS.decoy;
}

/** Where everything goes that is for none of the addresses above; on 127.0.0.1. */
export const DECOY_PORT = 9;

/**
 * Makes every IPv4 address of a new network namespace local and sends every connection to the decoy
 * but those to the gateway, to the origins' web ports and to the DNS server; then becomes the
 * program. Whatever is dialed by mistake is seen, on any port, and nothing reaches a real network.
 */
const SCRIPT = [
  "ip link set lo up",
  "ip route add local 0.0.0.0/0 dev lo",
  ...[
    // What the campaign itself sends is none of the gateway's.
    `-s ${ADDRESS.agent} -j RETURN`,
    `-d ${ADDRESS.gateway} -j RETURN`,
    `-d ${ADDRESS.resolver} -p udp --dport 53 -j RETURN`,
    "-d 203.0.113.10/31 -p tcp -m multiport --dports 80,443 -j RETURN",
    "-d 203.0.113.12/31 -p tcp -m multiport --dports 80,443 -j RETURN",
    `-p tcp -j REDIRECT --to-ports ${DECOY_PORT}`,
    `-p udp -j REDIRECT --to-ports ${DECOY_PORT}`,
  ].map((rule) => `iptables -w -t nat -A OUTPUT ${rule}`),
  'exec "$@"',
].join(" && ");

/** The command line that runs a program in such a namespace. Needs root and Linux. Pure. */
export function isolate(command: readonly string[]): [command: string, args: string[]] {
  return ["unshare", ["--net", "sh", "-c", SCRIPT, "sh", ...command]];
}
