/** The part of the compose format that sandcage generates. */
export type ComposeDocument = {
  name: string;
  services: Record<string, ComposeService | ComposeGateway>;
  networks?: Record<string, { name: string; external: true }>;
  volumes?: Record<string, { name: string; external: true }>;
};

/**
 * An agent's service in a compose file.
 *
 * @see {@link https://docs.docker.com/reference/compose-file/services/}
 */
export type ComposeService = {
  image: string;
  user: string;
  entrypoint: string[];
  command: string[];
  working_dir: string;
  environment: Record<string, string>;
  labels: Record<string, string>;
  volumes: ComposeVolume[];
  ports?: ComposePort[];
  networks?: ComposeNetworks;
  network_mode?: "none";
  dns?: string[];
  dns_search?: string[];
  sysctls?: Record<string, string>;
  mem_limit: string;
  memswap_limit: string;
  cpus: number;
  pids_limit: number;
} & AgentSkeleton;

/** A gateway's service in a compose file. */
export type ComposeGateway = {
  image: string;
  labels: Record<string, string>;
  networks: ComposeNetworks;
  ports?: ComposePort[];
} & GatewaySkeleton;

/** The networks of a service, with its fixed address where it has one. */
export type ComposeNetworks = Record<string, { ipv4_address?: string }>;

/** What compose/agent.yml fixes for every agent container. */
export type AgentSkeleton = {
  init: true;
  read_only: true;
  cap_drop: string[];
  security_opt: string[];
  hostname: string;
  tmpfs: string[];
  logging: { driver: string };
  stop_grace_period: string;
};

/** What compose/gateway.yml fixes for every gateway container. */
export type GatewaySkeleton = {
  read_only: true;
  cap_drop: string[];
  security_opt: string[];
  user: string;
  sysctls: Record<string, string>;
  stdin_open: true;
  hostname: string;
  tmpfs: string[];
  logging: { driver: string };
  mem_limit: string;
  memswap_limit: string;
  pids_limit: number;
  stop_grace_period: string;
};

/** Long syntax only: the short one cannot carry a colon in a path. */
export type ComposeVolume =
  | {
    type: "bind";
    source: string;
    target: string;
    read_only: boolean;
    bind: { create_host_path: false };
  }
  | { type: "volume"; source: string; target: string }
  | { type: "tmpfs"; target: string; read_only: true; tmpfs?: { mode?: number } };

/** A port published on the user's loopback only. */
export type ComposePort = {
  target: number;
  published: string;
  host_ip: "127.0.0.1";
  protocol: "tcp";
};

/**
 * Doubles every `$` in every string value, so that compose interpolates nothing: a path or an
 * argument holding `$HOME` stays what it is.
 *
 * @see {@link https://docs.docker.com/reference/compose-file/interpolation/}
 */
export function escapeInterpolation<T>(value: T): T {
  return mapStrings(value, (text) => text.replaceAll("$", "$$$$")) as T;
}

/** The text of a compose file. The YAML writer is loaded only when there is something to write. */
export async function formatComposeFile(document: ComposeDocument): Promise<string> {
  const { formatYaml } = await import("../yaml.ts");
  return formatYaml(escapeInterpolation(document));
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]),
    );
  }
  return value;
}
