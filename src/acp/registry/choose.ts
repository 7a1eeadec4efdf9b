import { UserError } from "../../errors.ts";
import type { ArchiveFormat } from "../../service/definition.ts";
import type { ArchiveSource, PackageSource, RegistryAgent } from "./document.ts";

/** One way to get an agent, for the platform of the engine. */
export type Distribution =
  | { kind: "npx"; source: PackageSource }
  | { kind: "uvx"; source: PackageSource }
  | { kind: "binary"; source: ArchiveSource };

/** What a package specification names; the version as it stands there, if any. */
export type PackageSpec = { name: string; version?: string };

const NPM_NAME = /^(@[a-z0-9._~-]+\/)?[a-z0-9._~-]+$/i;
const PYPI_NAME = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i;
/** What may follow a name: a version, a tag or a range; nothing a shell or an index could act on. */
const NPM_VERSION = /^[0-9A-Za-z^~<>=.*|+ -]+$/;
const PYPI_VERSION = /^[0-9][0-9A-Za-z.+!-]*$/;

/** Endings by which an archive's format is known. */
const FORMATS: readonly [string, ArchiveFormat][] = [
  [".zip", "zip"],
  [".tar.gz", "tar.gz"],
  [".tgz", "tar.gz"],
  [".tar.bz2", "tar.bz2"],
  [".tbz2", "tar.bz2"],
];

/** Installers and packages of other systems: neither an archive nor a program. */
const REFUSED_FORMATS = [
  ...[".dmg", ".pkg", ".deb", ".rpm", ".msi", ".appimage"],
  ...[".tar.xz", ".txz", ".tar.zst", ".7z", ".rar", ".exe", ".tar", ".gz", ".bz2"],
];

/**
 * Chooses how an agent is installed: from npm where it is there, because npm's registry vouches for
 * every byte; else an archive for the engine's platform; else from a Python index. Pure.
 *
 * @param arch Architecture of the engine, `x86_64` or `aarch64`.
 * @throws {UserError} If nothing is offered for Linux on this architecture.
 */
export function chooseDistribution(agent: RegistryAgent, arch: string): Distribution {
  const { npx, uvx, binary = {} } = agent.distribution;
  if (npx !== undefined) return { kind: "npx", source: npx };
  const platform = `linux-${arch}`;
  if (Object.hasOwn(binary, platform)) return { kind: "binary", source: binary[platform]! };
  if (uvx !== undefined) return { kind: "uvx", source: uvx };
  throw new UserError(`"${agent.id}" is not offered for ${platform}, where cages run`, {
    hint: `It is offered for: ${Object.keys(binary).toSorted().join(", ")}`,
  });
}

/**
 * Reads what npx is given, `@scope/name@1.2.3`. Pure.
 *
 * @throws {UserError} If it is no package of a registry: a path, an address, a git repository.
 */
export function parseNpxPackage(text: string, options: { id: string }): PackageSpec {
  const at = text.lastIndexOf("@");
  const name = at > 0 ? text.slice(0, at) : text;
  const version = at > 0 ? text.slice(at + 1) : undefined;
  if (!NPM_NAME.test(name) || (version !== undefined && !NPM_VERSION.test(version))) {
    throw badPackage(text, { ...options, kind: "npm" });
  }
  return { name, ...(version === undefined ? {} : { version }) };
}

/**
 * Reads what uvx is given, `name==1.2.3` or `name@1.2.3`. Pure.
 *
 * @throws {UserError} If it is anything else.
 */
export function parseUvxPackage(text: string, options: { id: string }): PackageSpec {
  const [name = "", version, ...more] = text.split(/==|@/);
  const isVersion = version === undefined || version === "latest" || PYPI_VERSION.test(version);
  if (!PYPI_NAME.test(name) || !isVersion || more.length > 0) {
    throw badPackage(text, { ...options, kind: "Python" });
  }
  return { name, ...(version === undefined || version === "latest" ? {} : { version }) };
}

/**
 * Finds how an archive is packed, by the end of its address. What has no known ending is the program
 * itself. Pure.
 *
 * @throws {UserError} For a format that cannot be installed.
 */
export function findFormat(address: string, options: { id: string }): ArchiveFormat {
  const name = new URL(address).pathname.split("/").at(-1)!.toLowerCase();
  const known = FORMATS.find(([ending]) => name.endsWith(ending));
  if (known !== undefined) return known[1];
  const refused = REFUSED_FORMATS.find((ending) => name.endsWith(ending));
  if (refused === undefined) return "raw";
  throw new UserError(`Cannot install "${options.id}": its archive is a ${refused} file`, {
    hint: "sandcage opens .zip, .tar.gz, .tgz, .tar.bz2 and .tbz2, and takes plain programs",
  });
}

/**
 * Reads the command of an archive: a path inside it. Pure.
 *
 * @returns Relative, with `/`, without `./`.
 * @throws {UserError} If it leads out of the archive.
 */
export function parseCommand(cmd: string, options: { id: string }): string {
  const parts = cmd.split("/").filter((part) => part !== "" && part !== ".");
  const isInside = parts.length > 0 && !parts.includes("..") && !cmd.startsWith("/");
  // What becomes part of a build's command line is a plain path.
  if (isInside && /^[A-Za-z0-9._+@/-]+$/.test(cmd) && !parts[0]!.startsWith("-")) {
    return parts.join("/");
  }
  throw new UserError(
    `Cannot install "${options.id}": its command ${JSON.stringify(cmd)} is no path in its archive`,
    { hint: "The registry's entry is wrong or means harm; its author has to put it right" },
  );
}

function badPackage(text: string, options: { id: string; kind: string }): UserError {
  return new UserError(
    `Cannot install "${options.id}": ${JSON.stringify(text)} is no ${options.kind} package`,
    { hint: "Only packages of a registry are installed: name and version" },
  );
}
