import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { LABEL, NETWORK } from "../names.ts";
import { type MadeNetwork, makePodmanNetwork, type PodmanNetwork } from "./podman_network.ts";
import { countSubnets, isOverlap, planSubnet, type SessionSubnet } from "./subnet.ts";

/** The network of one session: its agent, its gateway, and nobody else. */
export type SessionNetwork = SessionSubnet & { name: string };

/** Tries before giving up: other networks of the machine may hold parts of the pool. */
const TRIES = 64;

/** Name of the network of a session. */
export function sessionNetworkName(sessionId: string): string {
  return `${NETWORK.sessionPrefix}${sessionId}`;
}

/**
 * Arguments that make a session's network. `internal` leaves it without a route; without a host
 * address on the bridge the machine itself is no neighbour either.
 *
 * @see {@link https://docs.docker.com/engine/network/drivers/bridge/}
 */
export function formatNetworkArgs(
  network: SessionNetwork,
  options: { cageId: string; sessionId: string; isolated: boolean },
): string[] {
  return [
    "network",
    "create",
    "--internal",
    "--subnet",
    network.subnet,
    "--ip-range",
    network.range,
    "--gateway",
    network.bridge,
    "--opt",
    options.isolated
      ? "com.docker.network.bridge.gateway_mode_ipv4=isolated"
      : "com.docker.network.bridge.inhibit_ipv4=true",
    "--label",
    `${LABEL.managed}=true`,
    "--label",
    `${LABEL.cage}=${options.cageId}`,
    "--label",
    `${LABEL.session}=${options.sessionId}`,
    network.name,
  ];
}

/** The same for Podman, which puts no host into an internal network without a name server. Pure. */
export function planPodmanNetwork(
  network: SessionNetwork,
  options: { cageId: string; sessionId: string },
): PodmanNetwork {
  const { subnet, first, last, name } = network;
  return {
    name,
    driver: "bridge",
    internal: true,
    dns_enabled: false,
    ipv6_enabled: false,
    subnets: [{ subnet, lease_range: { start_ip: first, end_ip: last } }],
    labels: {
      [LABEL.managed]: "true",
      [LABEL.cage]: options.cageId,
      [LABEL.session]: options.sessionId,
    },
  };
}

/** Subnets to try, the first one by the session's id, without those the host routes elsewhere. Pure. */
export function planCandidates(
  pool: string,
  options: { sessionId: string; routes: readonly string[] },
): SessionSubnet[] {
  const count = countSubnets(pool);
  const start = Number.parseInt(options.sessionId, 16) % count;
  const found: SessionSubnet[] = [];
  for (let step = 0; step < count && found.length < TRIES; step++) {
    const candidate = planSubnet(pool, start + step);
    if (!options.routes.some((route) => isOverlap(route, candidate.subnet))) found.push(candidate);
  }
  return found;
}

/**
 * Makes the network of a session on a free subnet of the pool. The engine says which are taken.
 *
 * @param pool IPv4 network in CIDR form.
 * @throws {UserError} Code `engine-failed`, or `conflict` when the pool has no free subnet.
 */
export async function makeSessionNetwork(
  pool: string,
  options: {
    cageId: string;
    sessionId: string;
    engine: NetworkEngine;
    routes: readonly string[];
  },
): Promise<SessionNetwork> {
  const { sessionId } = options;
  const name = sessionNetworkName(sessionId);
  for (const subnet of planCandidates(pool, options)) {
    const network = { name, ...subnet };
    const made = await makeNetwork(network, options);
    if (made.code === 0) return network;
    if (TAKEN.test(made.stderr)) continue;
    throw new UserError(`Cannot make the network ${name}: ${made.stderr.trim()}`, {
      hint: "Run: sandcage doctor",
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
  throw new UserError(`No free subnet is left in network.pool, ${pool}`, {
    hint: "Stop other sessions, or give network.pool in ~/.sandcage/config.toml another network",
    exit: EXIT.conflict,
    code: "conflict",
  });
}

/** The only answers that another subnet can help with, over all engines. */
const TAKEN = /overlap|conflicts with network|Address already in use|is already used on the host/i;

/** What makes a network. */
type NetworkEngine = Pick<Engine, "docker" | "capabilities" | "url" | "title">;

async function makeNetwork(
  network: SessionNetwork,
  options: { cageId: string; sessionId: string; engine: NetworkEngine },
): Promise<Pick<MadeNetwork, "stderr"> & { code: number }> {
  const { engine } = options;
  const { flavor, gatewayModeIsolated: isolated } = engine.capabilities;
  return flavor === "podman"
    ? await makePodmanNetwork(planPodmanNetwork(network, options), engine)
    : await engine.docker(formatNetworkArgs(network, { ...options, isolated }));
}

/** Removes the network of a session; one that is gone is fine. */
export async function removeSessionNetwork(
  name: string,
  engine: Pick<Engine, "docker">,
): Promise<void> {
  await engine.docker(["network", "rm", name]);
}

/**
 * Networks this machine routes somewhere: a session's network on top of a VPN's would cut it off.
 * Linux only; elsewhere the engine runs on a machine of its own.
 */
export async function observeRoutes(): Promise<string[]> {
  let text: string;
  try {
    text = await Deno.readTextFile("/proc/net/route");
  } catch {
    return [];
  }
  return parseRoutes(text);
}

/** Reads `/proc/net/route`: addresses in hexadecimal, lowest byte first. The default route is none. */
export function parseRoutes(text: string): string[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [address, mask] = [parseHex(fields[1]), parseHex(fields[7])];
    if (address === undefined || mask === undefined || mask.value === 0) return [];
    return [`${address.text}/${mask.value.toString(2).replaceAll("0", "").length}`];
  });
}

function parseHex(field: string | undefined): { text: string; value: number } | undefined {
  if (field === undefined || !/^[0-9A-F]{8}$/i.test(field)) return undefined;
  const bytes = field.match(/../g)!.map((pair) => Number.parseInt(pair, 16)).reverse();
  return { text: bytes.join("."), value: Number.parseInt(field, 16) };
}
