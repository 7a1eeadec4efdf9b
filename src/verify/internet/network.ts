import {
  type MadeNetwork,
  makePodmanNetwork,
  type PodmanNetwork,
} from "../../cage/podman_network.ts";
import type { Engine } from "../../engine/engine.ts";
import { pause } from "../../pause.ts";
import type { Addresses } from "./types.ts";

/** The plan of one internet's network: a /27 of the documentation ranges of RFC 5737 and RFC 3849. */
export type InternetNetwork = { subnet: string; ipv6: string; subnet6: string } & {
  addresses: Addresses;
  /** What the engine gives to neighbours. */
  range: string;
  /** First and last address of it. */
  first: string;
  last: string;
};

/**
 * One range of three: machines that build this project may reach their package mirrors through the
 * others, and a bridge on top of those would cut every other one off.
 */
const RANGES = ["198.51.100"];
const SIZE = 32;

/** All plans, in random order: those that run side by side take one each. */
function planNetworks(): InternetNetwork[] {
  const plans = RANGES.flatMap((range, index) =>
    Array.from({ length: 256 / SIZE }, (_, count) => planNetwork(range, count, index))
  );
  return plans.map((plan) => ({ plan, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ plan }) => plan);
}

function planNetwork(range: string, count: number, index: number): InternetNetwork {
  const first = count * SIZE;
  const at = (offset: number) => `${range}.${first + offset}`;
  // No group is zero: the text is the one that every reader gives of the address.
  const prefix6 = `2001:db8:${index + 1}:${count + 1}`;
  return {
    subnet: `${at(0)}/27`,
    range: `${at(16)}/28`,
    first: at(16),
    last: at(30),
    subnet6: `${prefix6}::/64`,
    ipv6: `${prefix6}::2`,
    addresses: { gateway: at(1), echo: at(2), other: at(3), decoy: at(4), dns: at(5) },
  };
}

/**
 * Makes the network. The bridge has no address of its own: the default gateway is one of the
 * server's, so nothing that a neighbour sends leaves this machine.
 *
 * @throws {Error} If no plan gets free in two minutes, or for what the engine says.
 */
export async function makeNetwork(
  name: string,
  options: { engine: NetworkEngine; labels: readonly string[] },
): Promise<InternetNetwork> {
  for (const deadline = Date.now() + PATIENCE_MS;;) {
    for (const plan of planNetworks()) {
      const made = await askFor(name, { ...options, plan });
      if (made.code === 0) return plan;
      if (!/overlap|conflicts with network|in use|already used/i.test(made.stderr)) {
        throw new Error(`docker network create: ${made.stderr}`);
      }
    }
    if (Date.now() > deadline) {
      throw new Error(`Every network of ${RANGES.join(", ")} is taken: docker network ls`);
    }
    await pause(LOOK_MS);
  }
}

/** How long others may use every network, and the pause between two tries, in milliseconds. */
const PATIENCE_MS = 120_000;
const LOOK_MS = 2_000;

type NetworkEngine = Pick<Engine, "docker" | "capabilities" | "url" | "title">;

async function askFor(
  name: string,
  options: { engine: NetworkEngine; labels: readonly string[]; plan: InternetNetwork },
): Promise<Pick<MadeNetwork, "stderr"> & { code: number }> {
  const { engine, labels, plan } = options;
  if (engine.capabilities.flavor === "podman") {
    return await makePodmanNetwork(planPodman(name, options), engine);
  }
  return await engine.docker([
    ...["network", "create", ...labels.flatMap((label) => ["--label", label]), "--opt"],
    ...["com.docker.network.bridge.inhibit_ipv4=true", "--gateway", plan.addresses.gateway],
    ...["--subnet", plan.subnet, "--ip-range", plan.range, "--ipv6", "--subnet", plan.subnet6],
    name,
  ]);
}

/** Podman leaves the host out of internal networks alone, and gives those a route of one's own. Pure. */
function planPodman(
  name: string,
  { plan, labels }: { plan: InternetNetwork; labels: readonly string[] },
): PodmanNetwork {
  return {
    name,
    driver: "bridge",
    internal: true,
    dns_enabled: false,
    ipv6_enabled: true,
    subnets: [
      { subnet: plan.subnet, lease_range: { start_ip: plan.first, end_ip: plan.last } },
      { subnet: plan.subnet6 },
    ],
    routes: [{ destination: "0.0.0.0/0", gateway: plan.addresses.gateway }],
    labels: Object.fromEntries(labels.map((label) => {
      const at = label.indexOf("=");
      return [label.slice(0, at), label.slice(at + 1)];
    })),
  };
}
