import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { ArchiveFormat, ServiceDefinition, ServicePayload } from "./definition.ts";

/** Where an installed agent's program comes from, exact and verified. */
export type InstalledOrigin =
  | {
    kind: "npx";
    /** npm package with its exact version, `@scope/name@1.2.3`. */
    package: string;
    /** Name of the program in the package. */
    program: string;
    /** What npm's registry says the package's bytes are, `sha512-…`. */
    integrity?: string;
  }
  | {
    kind: "uvx";
    /** Python package with its exact version, `name==1.2.3`. */
    requirement: string;
    program: string;
  }
  | {
    kind: "binary";
    /** Address the archive came from. */
    url: string;
    sha256: string;
    format: ArchiveFormat;
    program: string;
    /** Whether the registry vouched for the checksum, or the first download was pinned. */
    verified: "registry" | "first-use";
  };

/** One agent of the ACP registry, as it was installed. */
export type InstalledAgent = {
  id: string;
  /** For people. */
  name: string;
  /** Version the agent's package or archive has. */
  version: string;
  /** Where the registry was read: an address, or `offline` for sandcage's own list. */
  registry: string;
  origin: InstalledOrigin;
  /** Arguments that make it speak ACP. */
  args: string[];
  env: Record<string, string>;
  /** Hosts the user let it reach. */
  domains: string[];
  /** Hosts the user was asked about, allowed or not. */
  askedDomains: string[];
  /** ISO 8601. */
  installedAt: string;
};

/** `<stateDir>/registry/installed.json`. */
export type InstalledFile = {
  schema: 1;
  /** By id. */
  agents: Record<string, InstalledAgent>;
  /** Checksums taken on first use, by the archive's address. */
  pins: Record<string, string>;
};

/** Folder of everything about the ACP registry. */
export function registryDir(stateDir: string): string {
  return join(stateDir, "registry");
}

/** Where installed agents are recorded. */
export function installedPath(stateDir: string): string {
  return join(registryDir(stateDir), "installed.json");
}

/** Where the verified archive with this checksum is kept: its image may have to be built again. */
export function archivePath(stateDir: string, sha256: string): string {
  return join(registryDir(stateDir), "archives", sha256);
}

/**
 * Reads what is installed; nothing when there is no record.
 *
 * @throws {UserError} Exit 3, code `config-unreadable`, for a record that is not of this schema:
 *   reading it as empty would forget pinned checksums.
 */
export async function readInstalled(stateDir: string): Promise<InstalledFile> {
  const path = installedPath(stateDir);
  let cause: unknown;
  try {
    const file: unknown = JSON.parse(await Deno.readTextFile(path));
    if (isInstalledFile(file)) return file;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { schema: 1, agents: {}, pins: {} };
    if (!(error instanceof SyntaxError)) throw error;
    cause = error;
  }
  throw new UserError(`Cannot read ${path}: it is no record of installed agents of this version`, {
    hint: "Remove it and install the agents again: sandcage acp install ID",
    exit: EXIT.config,
    code: "config-unreadable",
    cause,
  });
}

/** Installed agents as services, by name. */
export async function findInstalledServices(
  stateDir: string,
): Promise<Record<string, ServiceDefinition>> {
  const { agents } = await readInstalled(stateDir);
  return Object.fromEntries(
    Object.values(agents).map((agent) => [agent.id, planInstalledService(agent, { stateDir })]),
  );
}

/** The service an installed agent is: its program alone in a terminal, with its arguments for ACP. */
export function planInstalledService(
  agent: InstalledAgent,
  options: { stateDir: string },
): ServiceDefinition {
  const { origin } = agent;
  const program = origin.program.split("/").at(-1)!;
  return {
    name: agent.id,
    title: agent.name,
    version: agent.version,
    ...(origin.kind === "npx"
      ? { install: { npm: origin.package } }
      : { payload: planPayload(origin, options) }),
    command: [program],
    args: [],
    acp: [program, ...agent.args],
    env: { ...agent.env },
    domains: [...agent.domains],
    auth: { keys: {}, files: [] },
  };
}

function planPayload(
  origin: Exclude<InstalledOrigin, { kind: "npx" }>,
  options: { stateDir: string },
): ServicePayload {
  const { program } = origin;
  if (origin.kind === "uvx") return { kind: "pypi", requirement: origin.requirement, program };
  const { sha256, format } = origin;
  const path = archivePath(options.stateDir, sha256);
  return { kind: "archive", path, sha256, format, program };
}

function isInstalledFile(value: unknown): value is InstalledFile {
  return isRecord(value) && value.schema === 1 && isRecord(value.agents) && isRecord(value.pins) &&
    Object.entries(value.agents).every(([id, agent]) =>
      isRecord(agent) && agent.id === id && isRecord(agent.origin) &&
      typeof agent.origin.program === "string" && Array.isArray(agent.args) &&
      Array.isArray(agent.domains) && Array.isArray(agent.askedDomains) && isRecord(agent.env)
    );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
