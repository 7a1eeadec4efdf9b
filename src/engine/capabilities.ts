import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { EngineCapabilities, EngineFlavor } from "./engine.ts";

/** A docker CLI plugin that answered when the client asked it. */
export type ClientPlugin = { version: string; path: string };

/** What `docker info` and `docker version` tell, already in our words. */
export type EngineObservation = {
  /** Without the compose version, which stands with its plugin. */
  capabilities: Omit<EngineCapabilities, "composeVersion">;
  compose: ClientPlugin | undefined;
  buildx: ClientPlugin | undefined;
};

/** The part of `docker info --format '{{json .}}'` that is used here. */
type Info = {
  ID?: string;
  ServerVersion?: string;
  Architecture?: string;
  CgroupVersion?: string;
  NCPU?: number;
  OperatingSystem?: string;
  SecurityOptions?: string[] | null;
  ClientInfo?: {
    Plugins?: { Name?: string; Version?: string; Path?: string; Err?: unknown }[] | null;
  };
};

/** The part of `docker version --format '{{json .Server}}'` that is used here. */
type Server = { ApiVersion?: string; Components?: { Name?: string }[] | null };

/** The first Docker whose bridges take `gateway_mode_ipv4=isolated`. */
const ISOLATED_SINCE = 28;

/** What Go calls processors, which is what Podman says, and what they call themselves. */
const ARCHITECTURES: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64" };

/** What {@link parseObservation} reads. */
export type ObservationText = {
  /** Output of `docker info --format '{{json .}}'`. */
  info: string;
  /** Output of `docker version --format '{{json .Server}}'`. */
  server: string;
};

/**
 * Reads the client's answers.
 *
 * @throws {UserError} With code `engine-failed`, if this is not what docker prints.
 */
export function parseObservation(
  text: ObservationText,
  platform: Host["platform"],
): EngineObservation {
  const info = parseInfo(text.info);
  const server = parseServer(text.server);
  const flavor = findFlavor(server);
  const version = info.ServerVersion ?? "";
  const security = info.SecurityOptions ?? [];
  const arch = info.Architecture ?? "";
  return {
    capabilities: {
      flavor,
      // Podman thinks of another one for every answer.
      id: flavor === "docker" ? info.ID ?? "" : "",
      version,
      apiVersion: server.ApiVersion ?? "",
      arch: ARCHITECTURES[arch] ?? arch,
      cpus: info.NCPU ?? 1,
      cgroup: info.CgroupVersion === "2" ? "v2" : "v1",
      rootless: security.some((option) => option.startsWith("name=rootless")),
      usernsRemap: security.some((option) => option.startsWith("name=userns")),
      // Off Linux the engine always sits in a virtual machine that maps ownership.
      desktop: platform !== "linux" || /Docker Desktop|OrbStack/i.test(info.OperatingSystem ?? ""),
      gatewayModeIsolated: flavor === "docker" && Number.parseInt(version, 10) >= ISOLATED_SINCE,
    },
    compose: findPlugin(info, "compose"),
    buildx: findPlugin(info, "buildx"),
  };
}

function parseInfo(text: string): Info {
  let info: Info | null = null;
  try {
    info = JSON.parse(text);
  } catch {
    // Handled below: what is not JSON has no server version either.
  }
  if (typeof info?.ServerVersion === "string" && info.ServerVersion !== "") return info;
  throw new UserError("Cannot understand the engine: docker info names no server version", {
    hint: "See what it says: docker info",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

function parseServer(text: string): Server {
  let server: Server | null = null;
  try {
    server = JSON.parse(text);
  } catch {
    // Handled below: what is not JSON has no API either.
  }
  if (typeof server?.ApiVersion === "string" && server.ApiVersion !== "") return server;
  throw new UserError("Cannot understand the engine: docker version names no version of its API", {
    hint: "See what it says: docker version",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

/** Docker names its engine "Engine", Podman "Podman Engine". */
function findFlavor({ Components: components }: Server): EngineFlavor {
  return components?.some(({ Name: name }) => /podman/i.test(name ?? "")) ? "podman" : "docker";
}

function findPlugin(info: Info, name: string): ClientPlugin | undefined {
  const plugin = info.ClientInfo?.Plugins?.find((candidate) =>
    candidate.Name === name && candidate.Err === undefined
  );
  if (plugin?.Path === undefined) return undefined;
  return { version: trimVersion(plugin.Version ?? ""), path: plugin.Path };
}

/** The plugins named in what `docker info` printed, which it does without an engine too. */
export function findPlugins(
  infoText: string,
): Record<"compose" | "buildx", ClientPlugin | undefined> {
  try {
    const info = (JSON.parse(infoText) ?? {}) as Info;
    return { compose: findPlugin(info, "compose"), buildx: findPlugin(info, "buildx") };
  } catch {
    return { compose: undefined, buildx: undefined };
  }
}

/**
 * Whether the `docker` command is Podman's own under that name, by what its `docker info` printed: it
 * takes other words than docker's, and has no Compose of its own.
 */
export function isPodmanClient(infoText: string): boolean {
  try {
    const info = JSON.parse(infoText) as { host?: { buildahVersion?: unknown } } | null;
    return typeof info?.host?.buildahVersion === "string";
  } catch {
    return false;
  }
}

/** `v2.26.1-4` and `2.26.1+ds1` become `2.26.1`. */
export function trimVersion(version: string): string {
  return /\d+(\.\d+)*/.exec(version)?.[0] ?? version;
}
