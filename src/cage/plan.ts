import type { Config } from "../config/schema.ts";
import type { EngineFlavor } from "../engine/engine.ts";
import { INSIDE, INSIDE_ENV, LABEL, SHELL_SERVICE } from "../names.ts";
import type { ServiceDefinition } from "../service/definition.ts";
import type { CageMount } from "../workspace/types.ts";
import type {
  ComposeDocument,
  ComposeGateway,
  ComposePort,
  ComposeService,
  ComposeVolume,
} from "./compose_document.ts";
import { planPorts } from "./ports.ts";
import { planEgress, planHome, planMailbox } from "./resources.ts";
import type { SessionNetwork } from "./session_network.ts";
import { AGENT_SKELETON, GATEWAY_SKELETON } from "./skeleton.ts";

/** The slice of the configuration a cage is planned from. */
export type CageConfig = Pick<Config, "network" | "limits" | "home" | "env" | "ports">;

/** What was observed before planning; planning looks at nothing else. */
export type CageFacts = {
  /** Cage id, which is also the compose project's name. */
  id: string;
  /** Absolute host path of the project. */
  projectPath: string;
  /** Where the project is inside; the same path except on Windows. */
  insidePath: string;
  /** Who the agent is inside. */
  user: { uid: number; gid: number };
  /** Project, masks, git protection and further directories, parents before children. */
  mounts: readonly CageMount[];
  /** Environment of every service: certificates, git, paths. The config's own goes on top. */
  env: Readonly<Record<string, string>>;
  /** Start of the names of homes of a cage that says nothing of who made it. */
  plainHome?: string | undefined;
  /** Processors of the engine. */
  engineCpus: number;
  /** Whose engine it is. */
  flavor: EngineFlavor;
  /** Image reference by service name. */
  images: ReadonlyMap<string, string>;
  /** The way out of each service by its name; only in network mode `allowlist`. */
  gateways?: ReadonlyMap<string, GatewayFacts>;
};

/** The gateway of one session, and what its agent has to know of it. */
export type GatewayFacts = {
  image: string;
  network: SessionNetwork;
  /** Existing network the gateway goes out through. */
  egress: string;
  /** Proxies, certificates and placeholders; on top of every other environment. */
  env: Readonly<Record<string, string>>;
};

/** Plans the compose project of a cage: one compose service for each sandcage service. Pure. */
export function planCage(
  config: CageConfig,
  options: { services: readonly ServiceDefinition[]; facts: CageFacts },
): ComposeDocument {
  const { services, facts } = options;
  const volumes = [
    ...services.map((service) => planHome(config, { ...facts, service: service.name })),
    ...facts.mounts.flatMap((mount) => mount.type === "volume" ? [mount.source] : []),
  ];
  const planned: ComposeDocument["services"] = {};
  const networks: NonNullable<ComposeDocument["networks"]> = {};
  for (const service of services) {
    const gateway = findGateway(config, service, facts);
    planned[service.name] = planService(config, service, { facts, gateway });
    if (gateway === undefined) continue;
    planned[gatewayService(service.name)] = planGateway(config, service, { facts, gateway });
    networks[service.name] = { name: gateway.network.name, external: true };
    networks[EGRESS] = { name: gateway.egress, external: true };
  }
  if (config.network.mode === "open") {
    networks[EGRESS] = { name: planEgress(facts.flavor, facts.id).name, external: true };
  }
  return {
    name: facts.id,
    services: planned,
    volumes: Object.fromEntries(volumes.map((name) => [name, { name, external: true as const }])),
    ...(Object.keys(networks).length === 0 ? {} : { networks }),
  };
}

/** Key of the way out among a document's networks; no service can have this name. */
const EGRESS = "_egress";

/** Name of the compose service that is the gateway of a service. */
export function gatewayService(service: string): string {
  return `${service}.gateway`;
}

function findGateway(
  config: CageConfig,
  service: ServiceDefinition,
  facts: CageFacts,
): GatewayFacts | undefined {
  if (config.network.mode !== "allowlist") return undefined;
  const gateway = facts.gateways?.get(service.name);
  if (gateway === undefined) throw new Error(`No gateway planned for service ${service.name}`);
  return gateway;
}

function planGateway(
  config: CageConfig,
  service: ServiceDefinition,
  planned: { facts: CageFacts; gateway: GatewayFacts },
): ComposeGateway {
  const { facts, gateway } = planned;
  const ports = planPorts(config.ports).map(toComposePort);
  return {
    image: gateway.image,
    ...GATEWAY_SKELETON,
    sysctls: {
      ...GATEWAY_SKELETON.sysctls,
      ...(facts.flavor === "podman" ? ANSWERS_WHERE_ASKED : {}),
    },
    labels: planLabels(service, { facts, role: "gateway" }),
    networks: { [service.name]: { ipv4_address: gateway.network.gateway }, [EGRESS]: {} },
    ...(ports.length === 0 ? {} : { ports }),
  };
}

/**
 * Podman lets interfaces take packets whose sender lives behind another one, and the kernel answers
 * over that: a forged sender would get an answer out of the cage. A gateway has two.
 */
const ANSWERS_WHERE_ASKED: Readonly<Record<string, string>> = {
  "net.ipv4.conf.eth0.rp_filter": "1",
  "net.ipv4.conf.eth1.rp_filter": "1",
};

function planService(
  config: CageConfig,
  service: ServiceDefinition,
  planned: { facts: CageFacts; gateway: GatewayFacts | undefined },
): ComposeService {
  const { facts, gateway } = planned;
  const image = facts.images.get(service.name);
  if (image === undefined) throw new Error(`No image planned for service ${service.name}`);
  const ports = planPorts(config.ports).map(toComposePort);
  return {
    image,
    ...AGENT_SKELETON,
    user: `${facts.user.uid}:${facts.user.gid}`,
    entrypoint: [INSIDE.entry],
    command: planCommand(service, { args: [], shell: false }),
    working_dir: facts.insidePath,
    environment: {
      ...facts.env,
      ...service.env,
      ...config.env,
      ...gateway?.env,
      HOME: INSIDE.home,
      ...(facts.plainHome === undefined
        ? { [INSIDE_ENV.cage]: facts.id, [INSIDE_ENV.tool]: "sandcage" }
        : {}),
      ...planMailboxEnv(config, facts),
    },
    labels: planLabels(service, { facts, role: "agent" }),
    volumes: [
      {
        type: "volume",
        source: planHome(config, { ...facts, service: service.name }),
        target: INSIDE.home,
      },
      ...facts.mounts.map(toComposeVolume),
    ],
    ...planConnection(config, { service, gateway, ports }),
    mem_limit: config.limits.memory,
    // Equal to mem_limit: no swap, so that the limit is the whole truth.
    memswap_limit: config.limits.memory,
    // The engine refuses more processors than it has; the default must work on a small machine.
    cpus: Math.min(config.limits.cpus, facts.engineCpus),
    pids_limit: config.limits.pids,
  };
}

/** Agents of several cages that share a home have a mailbox each. */
function planMailboxEnv(config: CageConfig, facts: CageFacts): Record<string, string> {
  const mailbox = planMailbox(config, facts);
  return mailbox === INSIDE.mailbox ? {} : { [INSIDE_ENV.mailbox]: mailbox };
}

/** What a service is connected to: a network of its own with its gateway, all others, or nothing. */
function planConnection(
  config: CageConfig,
  planned: {
    service: ServiceDefinition;
    gateway: GatewayFacts | undefined;
    ports: ComposePort[];
  },
): Pick<
  ComposeService,
  "networks" | "network_mode" | "dns" | "dns_search" | "sysctls" | "ports"
> {
  const { service, gateway } = planned;
  if (gateway !== undefined) {
    return {
      networks: { [service.name]: { ipv4_address: gateway.network.agent } },
      dns: [gateway.network.gateway],
      // The host's search domains would be tried with every name, and tell where the user works.
      dns_search: ["."],
      sysctls: IPV6_OFF,
    };
  }
  const ports = planned.ports.length === 0 ? {} : { ports: planned.ports };
  return config.network.mode === "open"
    ? { ...ports, networks: { [EGRESS]: {} } }
    : { ...ports, network_mode: "none" };
}

/** A bridge without an IPv4 address still has a link-local IPv6 one. */
const IPV6_OFF: Record<string, string> = {
  "net.ipv6.conf.all.disable_ipv6": "1",
  "net.ipv6.conf.default.disable_ipv6": "1",
};

function planLabels(
  service: ServiceDefinition,
  planned: { facts: CageFacts; role: "agent" | "gateway" },
): Record<string, string> {
  return {
    [LABEL.managed]: "true",
    [LABEL.cage]: planned.facts.id,
    [LABEL.project]: planned.facts.projectPath,
    [LABEL.service]: service.name,
    [LABEL.role]: planned.role,
  };
}

/** What a session runs, and what it was asked for. */
export type CommandRequest = {
  /** The user's arguments after `--`. */
  args: readonly string[];
  /** A shell in the agent's cage instead of the agent. */
  shell: boolean;
};

/**
 * The command line of a session. In a shell the arguments *are* the command: `sandcage shell -- ls`
 * runs `ls`.
 */
export function planCommand(service: ServiceDefinition, request: CommandRequest): string[] {
  if (request.shell || service.name === SHELL_SERVICE) {
    return request.args.length > 0 ? [...request.args] : ["bash"];
  }
  return [...service.command, ...service.args, ...request.args];
}

function toComposeVolume(mount: CageMount): ComposeVolume {
  if (mount.type === "tmpfs") {
    return {
      type: "tmpfs",
      target: mount.target,
      read_only: true,
      ...(mount.mode === undefined ? {} : { tmpfs: { mode: mount.mode } }),
    };
  }
  if (mount.type === "volume") {
    return { type: "volume", source: mount.source, target: mount.target };
  }
  return {
    type: "bind",
    source: mount.source,
    target: mount.target,
    read_only: mount.readonly,
    bind: { create_host_path: false },
  };
}

function toComposePort(port: { host: number; cage: number }): ComposePort {
  return { target: port.cage, published: String(port.host), host_ip: "127.0.0.1", protocol: "tcp" };
}
