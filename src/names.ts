/** The one home of every name that other programs see: labels, images, networks, paths, ports. */

/** Labels on everything sandcage makes; only what carries {@link LABEL.managed} is ever removed. */
export const LABEL = {
  /** Always `true`, on every container, network, volume and image sandcage makes. */
  managed: "dev.sandcage.managed",
  /** Cage id; on every container, network and volume one cage owns. */
  cage: "dev.sandcage.cage",
  /** Absolute host path of the cage's project. */
  project: "dev.sandcage.project",
  /** Name of the service a container runs, an image holds or a home belongs to. */
  service: "dev.sandcage.service",
  /** Id of the session a container belongs to; its lock file tells whether the client still lives. */
  session: "dev.sandcage.session",
  /** `agent`, `gateway` or `courier`, on containers; `work` or `checkpoints`, on volumes. */
  role: "dev.sandcage.role",
  /** SHA-256 of the recipe an image was built from; a difference means rebuild. */
  recipe: "dev.sandcage.recipe",
  /** `uid:gid` a home volume was made for. */
  owner: "dev.sandcage.owner",
} as const;

/** Image repositories; tags are the first 12 hex digits of the recipe hash, and `latest`. */
export const IMAGE = {
  /** The Debian image everything starts from. */
  debian: "debian:trixie-slim",
  /** Debian, Node, git, shims and CAs: shared by everything. */
  base: "sandcage/base",
  /** Base plus the project's toolchains, packages and Dockerfile. */
  tools: "sandcage/tools",
  /** One agent's installed files, copied into its service image. */
  agentPrefix: "sandcage/agent-",
  /** The way out of a session in network mode `allowlist`. */
  gateway: "sandcage/gateway",
  /** What carries files into and out of the volumes of copy cages. */
  courier: "sandcage/courier",
  /** What a service runs in: tools (or base) plus one agent. */
  servicePrefix: "sandcage/",
  /** After the name of a service, on the images of its ACP adapter and of its ACP sessions. */
  acpSuffix: ".acp",
  /** After the name of a service, on the image that people attach to. */
  deskSuffix: ".desk",
} as const;

/** Networks. */
export const NETWORK = {
  /** Shared way out of agents in mode `open` and of all gateways; they do not reach each other. */
  egress: "sandcage-egress",
  /** Start of the name of a session's own network, before the session's id. */
  sessionPrefix: "sandcage-session-",
} as const;

/** Paths inside the cage. */
export const INSIDE = {
  /** The agent's home: a named volume. */
  home: "/home/agent",
  /** Where a copy cage has its files: the volume of its work. */
  work: "/work",
  /** The project of a copy cage; additional directories lie beside it. */
  workProject: "/work/project",
  /** Where agents are installed: one folder per service. */
  agents: "/opt/cage/agents",
  /** sandcage's own scripts in the image. */
  bin: "/opt/cage/bin",
  /** The entry program of every session. */
  entry: "/opt/cage/bin/cage-entry",
  /** Opens tmux with its panes, and attaches terminals to it; only in images of desks. */
  desk: "/opt/cage/bin/cage-desk",
  /** The programs of the mailbox. */
  mail: "/opt/cage/mail",
  /** The mailbox of a home that no other cage shares. */
  mailbox: "/home/agent/.cage",
  /** Per-session files, handed over through `docker exec` into a tmpfs: never on a disk. */
  session: "/run/cage",
  /** `NAME=value` pairs, NUL-separated, exported by the entry program. */
  sessionEnv: "/run/cage/env",
  /** The `setup` lines of the config as one shell script, run by the entry program when changed. */
  sessionSetup: "/run/cage/setup",
  /** The image's certificate authorities and the cage's own, in network mode `allowlist`. */
  sessionCa: "/run/cage/ca-bundle.pem",
  /** Written last: the entry program waits for it when a handover was announced. */
  sessionReady: "/run/cage/ready",
} as const;

/** Config file names, by layer. */
export const CONFIG_FILE = {
  user: "config.toml",
  project: ".sandcage.yml",
  local: ".sandcage.local.yml",
} as const;

/** Variables sandcage itself sets inside. */
export const INSIDE_ENV = {
  /** `1`: the entry program waits for {@link INSIDE.sessionReady} before it starts the agent. */
  handover: "CAGE_HANDOVER",
  /** Name of the program on the host that manages packages; absent where nothing is told of it. */
  tool: "CAGE_TOOL",
  /** Cage id, for scripts that want to know where they are; absent where nothing is told of it. */
  cage: "CAGE_ID",
  /** The cage's certificate authority, PEM: the entry program writes {@link INSIDE.sessionCa}. */
  ca: "CAGE_CA",
  /**
   * `1`: the entry program waits for the first byte of its input, which says that somebody listens,
   * and ends the container when its input has ended and the agent stays.
   */
  relayed: "CAGE_RELAYED",
  /** Where the mailbox of this cage is, in a home that other cages share; else it is not set. */
  mailbox: "CAGE_MAIL",
  /** Address of the gateway: the entry program waits until it accepts connections. */
  gateway: "CAGE_GATEWAY",
} as const;

/** The service that is a plain shell: its arguments are a command line. */
export const SHELL_SERVICE = "shell";

/** Name of the volume that holds an agent's home. */
export function homeVolumeName(home: { uid: number; service: string; cage?: string }): string {
  return home.cage === undefined
    ? `sandcage-home-${home.uid}-${home.service}`
    : `sandcage-home-${home.uid}-${home.service}-${home.cage}`;
}

/** Names of the volumes of a copy cage. */
export function copyVolumeNames(cageId: string): { work: string; checkpoints: string } {
  return { work: `sandcage-work-${cageId}`, checkpoints: `sandcage-checkpoints-${cageId}` };
}

/** The JSON Schema of the config files: where it lives in the repository, and where editors get it. */
export const SCHEMA = {
  path: "schema/sandcage.schema.json",
  url: "https://raw.githubusercontent.com/sandcage/sandcage/main/schema/sandcage.schema.json",
} as const;
