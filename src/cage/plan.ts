import type { Config } from "../config/schema.ts";
import { INSIDE, INSIDE_ENV, LABEL, NETWORK, SHELL_SERVICE } from "../names.ts";
import type { ServiceDefinition } from "../service/definition.ts";
import type { CageMount } from "../workspace/types.ts";
import type {
  ComposeDocument,
  ComposePort,
  ComposeService,
  ComposeVolume,
} from "./compose_document.ts";
import { planPorts } from "./ports.ts";
import { planHome } from "./resources.ts";
import { AGENT_SKELETON } from "./skeleton.ts";

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
  /** Processors of the engine. */
  engineCpus: number;
  /** Image reference by service name. */
  images: ReadonlyMap<string, string>;
};

/** Plans the compose project of a cage: one compose service for each sandcage service. Pure. */
export function planCage(
  config: CageConfig,
  options: { services: readonly ServiceDefinition[]; facts: CageFacts },
): ComposeDocument {
  const { services, facts } = options;
  const homes = services.map((service) => planHome(config, { ...facts, service: service.name }));
  return {
    name: facts.id,
    services: Object.fromEntries(
      services.map((service) => [service.name, planService(config, service, facts)]),
    ),
    volumes: Object.fromEntries(homes.map((name) => [name, { name, external: true as const }])),
    ...(config.network.mode === "open"
      ? { networks: { egress: { name: NETWORK.egress, external: true as const } } }
      : {}),
  };
}

function planService(
  config: CageConfig,
  service: ServiceDefinition,
  facts: CageFacts,
): ComposeService {
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
      HOME: INSIDE.home,
      [INSIDE_ENV.cage]: facts.id,
    },
    labels: {
      [LABEL.managed]: "true",
      [LABEL.cage]: facts.id,
      [LABEL.project]: facts.projectPath,
      [LABEL.service]: service.name,
    },
    volumes: [
      {
        type: "volume",
        source: planHome(config, { ...facts, service: service.name }),
        target: INSIDE.home,
      },
      ...facts.mounts.map(toComposeVolume),
    ],
    ...(ports.length === 0 ? {} : { ports }),
    ...(config.network.mode === "open" ? { networks: ["egress"] } : { network_mode: "none" }),
    mem_limit: config.limits.memory,
    // Equal to mem_limit: no swap, so that the limit is the whole truth.
    memswap_limit: config.limits.memory,
    // The engine refuses more processors than it has; the default must work on a small machine.
    cpus: Math.min(config.limits.cpus, facts.engineCpus),
    pids_limit: config.limits.pids,
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
