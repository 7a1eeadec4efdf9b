import type { Engine } from "../../engine/engine.ts";
import { EXIT, UserError } from "../../errors.ts";
import { ensureImages } from "../../image/build.ts";
import { planBase } from "../../image/base_layer.ts";
import type { ImageConfig, ImageFacts } from "../../image/spec.ts";
import type { Host } from "../../host.ts";
import type { Io } from "../../io.ts";
import { type InstalledOrigin, readInstalled } from "../../service/installed.ts";
import { fetchArchive } from "./archive.ts";
import {
  chooseDistribution,
  type Distribution,
  findFormat,
  parseCommand,
  parseNpxPackage,
  parseUvxPackage,
} from "./choose.ts";
import type { PackageSource, RegistryAgent } from "./document.ts";
import { isLoopback, parseAddress } from "./fetch.ts";
import { viewPackage } from "./npm_view.ts";

/** What installing agents works with. */
export type InstallGround = {
  engine: Engine;
  host: Host;
  io: Io;
  /** The user's own configuration: an agent belongs to no project. */
  config: ImageConfig;
  facts: ImageFacts;
  signal?: AbortSignal;
};

/** Exactly what will be installed, and how it is started. */
export type ResolvedAgent = {
  version: string;
  origin: InstalledOrigin;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
};

/**
 * Finds out exactly what an entry of the registry means today: which version, which program, which
 * bytes. An archive lies on the host afterwards, verified.
 *
 * @param options.version Another version than the registry's.
 * @throws {UserError} If it is not offered for the engine's platform, does not exist or cannot be
 *   verified.
 */
export async function resolveAgent(
  agent: RegistryAgent,
  options: {
    version?: string;
    allowUnverified: boolean;
    /** Address of the registry the entry is from. */
    registry: string;
    ground: InstallGround;
  },
): Promise<ResolvedAgent> {
  const { ground, version } = options;
  const distribution = chooseDistribution(agent, ground.facts.arch);
  const { args, env } = distribution.source;
  switch (distribution.kind) {
    case "npx": {
      const { exact, program, integrity, ...found } = await resolveNpx(distribution.source, {
        id: agent.id,
        version,
        ground,
      });
      const origin = { kind: "npx", package: exact, program } as const;
      return {
        version: found.version,
        origin: integrity === undefined ? origin : { ...origin, integrity },
        args,
        env,
      };
    }
    case "uvx": {
      const spec = parseUvxPackage(distribution.source.package, agent);
      const exact = version ?? spec.version ?? agent.version;
      // Checked like the registry's own: it becomes part of a build's command line.
      parseUvxPackage(`${spec.name}==${exact}`, agent);
      const requirement = `${spec.name}==${exact}`;
      return {
        version: exact,
        origin: { kind: "uvx", requirement, program: spec.name },
        args,
        env,
      };
    }
    case "binary":
      if (version !== undefined && version !== agent.version) throw otherVersion(agent, version);
      return {
        version: agent.version,
        origin: await resolveArchive(agent, { ...options, source: distribution.source }),
        args,
        env,
      };
  }
}

async function resolveNpx(
  source: PackageSource,
  options: { id: string; version: string | undefined; ground: InstallGround },
) {
  const { id, version, ground } = options;
  const { engine, io, facts, signal } = ground;
  const { name, version: own } = parseNpxPackage(source.package, { id });
  const wanted = version ?? own;
  const spec = wanted === undefined ? name : `${name}@${wanted}`;
  parseNpxPackage(spec, { id });
  const base = planBase(ground.config, facts);
  await ensureImages({ images: [base], final: base, ...facts }, ground);
  using progress = io.progress(`Looking up ${spec}`);
  const found = await viewPackage(spec, { engine, base: base.ref, ...facts, signal });
  progress.done(found.version);
  return found;
}

async function resolveArchive(
  agent: RegistryAgent,
  options: {
    source: Extract<Distribution, { kind: "binary" }>["source"];
    allowUnverified: boolean;
    registry: string;
    ground: InstallGround;
  },
): Promise<InstalledOrigin> {
  const { source, ground, allowUnverified } = options;
  const { stateDir } = ground.host;
  const url = readArchiveAddress(agent.id, {
    archive: source.archive,
    registry: options.registry,
  });
  const format = findFormat(url, agent);
  const program = parseCommand(source.cmd, agent);
  const { pins } = await readInstalled(stateDir);
  const { sha256, verified } = await fetchArchive({
    id: agent.id,
    url,
    allowUnverified,
    ...(source.sha256 === undefined ? {} : { sha256: source.sha256 }),
    ...(Object.hasOwn(pins, url) ? { pinned: pins[url] } : {}),
  }, {
    stateDir,
    io: ground.io,
    ca: ground.facts.ca,
    ...(ground.signal === undefined ? {} : { signal: ground.signal }),
  });
  return { kind: "binary", url, sha256, format, program, verified };
}

// A registry out there has no business with servers of this machine.
function readArchiveAddress(id: string, options: { archive: string; registry: string }): string {
  const { archive, registry } = options;
  let url: URL;
  try {
    url = parseAddress(archive);
  } catch (cause) {
    throw new UserError(`Cannot install "${id}": ${(cause as Error).message}`, { cause });
  }
  if (!isLoopback(url) || isLoopback(new URL(registry))) return url.href;
  throw new UserError(`Cannot install "${id}": its archive ${archive} is on this machine`, {
    hint: "The registry's entry is wrong or means harm; its author has to put it right",
  });
}

function otherVersion(agent: RegistryAgent, version: string): UserError {
  return new UserError(
    `Cannot install "${agent.id}" ${version}: it is offered as an archive of ` +
      `${agent.version} only`,
    {
      hint: `Run: sandcage acp install ${agent.id}`,
      exit: EXIT.usage,
      code: "usage",
    },
  );
}
