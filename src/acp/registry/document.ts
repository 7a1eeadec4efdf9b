/**
 * The official registry's document, as far as sandcage reads it; unknown keys are passed over.
 *
 * @see {@link https://github.com/agentclientprotocol/registry}
 */
export type RegistryAgent = {
  id: string;
  /** For people. */
  name: string;
  version: string;
  description: string;
  distribution: {
    npx?: PackageSource;
    uvx?: PackageSource;
    /** By platform: `linux-x86_64`. */
    binary?: Readonly<Record<string, ArchiveSource>>;
  };
};

/** A package of npm or of a Python index, and how it is started. */
export type PackageSource = {
  package: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
};

/** An archive, and how what is in it is started. */
export type ArchiveSource = {
  archive: string;
  cmd: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** 64 hex digits in small letters. */
  sha256?: string;
};

/** A document that could be read. */
export type Registry = {
  /** Sorted by id. */
  agents: readonly RegistryAgent[];
  /** Entries that were left out, and why. */
  problems: readonly { id: string; problem: string }[];
};

/** What a document or an entry of it has to say to be read. */
class Malformed extends Error {}

/** No hyphen at the end: an image could not be called so. */
const ID = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
/** Longest id: as long as a service's name may be in the configuration. */
const ID_LENGTH = 41;
const SHA256 = /^[0-9a-f]{64}$/i;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads a document of the official format. An entry that is wrong is left out and named: the others
 * are as good as before. Pure.
 *
 * @throws {Error} If it is no such document at all, with the reason in words.
 */
export function parseRegistry(value: unknown): Registry {
  if (!isRecord(value) || !Array.isArray(value.agents)) {
    throw new Malformed('it is no object with a list "agents"');
  }
  const agents = new Map<string, RegistryAgent>();
  const problems: { id: string; problem: string }[] = [];
  for (const [index, entry] of value.agents.entries()) {
    const id = isRecord(entry) && typeof entry.id === "string" ? entry.id : `agents[${index}]`;
    try {
      const agent = parseAgent(entry);
      if (agents.has(agent.id)) throw new Malformed("the id is there twice");
      agents.set(agent.id, agent);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      problems.push({ id: id.slice(0, 2 * ID_LENGTH), problem: error.message });
    }
  }
  if (agents.size === 0 && problems.length > 0) {
    throw new Malformed(`no entry of it can be read; ${problems[0]!.id}: ${problems[0]!.problem}`);
  }
  return {
    agents: [...agents.values()].toSorted((a, b) => a.id < b.id ? -1 : 1),
    problems,
  };
}

function parseAgent(entry: unknown): RegistryAgent {
  if (!isRecord(entry)) throw new Malformed("is no object");
  const id = readText(entry, "id");
  if (!ID.test(id) || id.length > ID_LENGTH) {
    throw new Malformed(
      `the id is not at most ${ID_LENGTH} small letters and digits, with hyphens between them`,
    );
  }
  if (!isRecord(entry.distribution)) throw new Malformed('"distribution" is missing');
  const { npx, uvx, binary } = entry.distribution;
  const distribution = {
    ...(npx === undefined ? {} : { npx: parsePackage(npx, "npx") }),
    ...(uvx === undefined ? {} : { uvx: parsePackage(uvx, "uvx") }),
    ...(binary === undefined ? {} : { binary: parsePlatforms(binary) }),
  };
  if (Object.keys(distribution).length === 0) {
    throw new Malformed('"distribution" holds none of npx, uvx and binary');
  }
  return {
    id,
    name: readText(entry, "name"),
    version: readText(entry, "version"),
    description: readText(entry, "description"),
    distribution,
  };
}

function parsePackage(value: unknown, key: string): PackageSource {
  if (!isRecord(value)) throw new Malformed(`"${key}" is no object`);
  return { package: readText(value, "package"), ...parseStart(value) };
}

function parsePlatforms(value: unknown): Record<string, ArchiveSource> {
  if (!isRecord(value)) throw new Malformed('"binary" is no object');
  return Object.fromEntries(
    Object.entries(value).map(([platform, entry]) => {
      if (!isRecord(entry)) throw new Malformed(`"binary.${platform}" is no object`);
      const { sha256 } = entry;
      if (sha256 !== undefined && (typeof sha256 !== "string" || !SHA256.test(sha256))) {
        throw new Malformed(`"binary.${platform}.sha256" is not 64 hex digits`);
      }
      const source = {
        archive: readText(entry, "archive"),
        cmd: readText(entry, "cmd"),
        ...parseStart(entry),
      };
      return [
        platform,
        sha256 === undefined ? source : {
          ...source,
          sha256: sha256.toLowerCase(),
        },
      ];
    }),
  );
}

function parseStart(value: Record<string, unknown>): Pick<PackageSource, "args" | "env"> {
  const { args = [], env = {} } = value;
  if (!Array.isArray(args) || !args.every(isPlain)) {
    throw new Malformed('"args" is no list of text');
  }
  if (!isRecord(env)) throw new Malformed('"env" is no object');
  for (const [name, text] of Object.entries(env)) {
    if (!VARIABLE.test(name) || !isPlain(text)) throw new Malformed(`"env.${name}" is no text`);
  }
  return { args, env: env as Record<string, string> };
}

function readText(value: Record<string, unknown>, key: string): string {
  const text = value[key];
  if (!isPlain(text) || text.trim() === "") throw new Malformed(`"${key}" is missing or no text`);
  return text;
}

// No process takes an argument or a variable with a NUL in it.
function isPlain(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
