import { findNearest } from "../config/nearest.ts";
import type { Config, ServiceConfig } from "../config/schema.ts";
import { EXIT, UserError } from "../errors.ts";
import { BUILT_IN } from "./built_in.ts";
import type { HeadlessDefinition, ServiceDefinition } from "./definition.ts";

/** An exact npm version: numbers, then a pre-release or build part if any. */
const EXACT_VERSION = /^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/;

/** Where services are defined, besides sandcage itself. */
export type ServiceSource = Pick<Config, "services"> & {
  /** Agents of the ACP registry that were installed, by name. */
  installed?: Readonly<Record<string, ServiceDefinition>>;
};

/** Every service sandcage knows by itself, by name. */
export function builtInServices(): ServiceDefinition[] {
  return Object.keys(BUILT_IN).map((name) => findBuiltIn(name)!);
}

/** Names of the built-in services. */
export function builtInNames(): string[] {
  return Object.keys(BUILT_IN);
}

/**
 * Every service the configuration leaves enabled, built-in ones first, then installed ones.
 *
 * @throws {UserError} Code `config-invalid`, for one that cannot be installed.
 */
export function enabledServices(source: ServiceSource): ServiceDefinition[] {
  return listNames(source).filter((name) => source.services[name]?.enabled !== false)
    .map((name) => resolveService(name, source));
}

/**
 * Completes a service: the built-in or installed definition, then the configuration on top.
 *
 * @throws {UserError} Code `service-unknown` (usage) for a name nobody defined; code
 * `config-invalid` for one that is disabled or cannot be installed.
 */
export function resolveService(
  name: string,
  source: ServiceSource,
): ServiceDefinition {
  const { services, installed = {} } = source;
  const configured = Object.hasOwn(services, name) ? services[name] : undefined;
  // Nothing of a registry ever stands in for what is built in.
  const known = findBuiltIn(name) ?? (Object.hasOwn(installed, name) ? installed[name] : undefined);
  if (configured === undefined && known === undefined) throw unknown(name, source);
  if (configured?.enabled === false) {
    throw new UserError(`Service "${name}" is disabled by the configuration`, {
      hint: `Set services.${name}.enabled to true, or see where it comes from: ` +
        "sandcage config show --origin",
      exit: EXIT.config,
      code: "config-invalid",
    });
  }
  return merge(known ?? plain(name), configured ?? {});
}

function findBuiltIn(name: string): ServiceDefinition | undefined {
  if (!Object.hasOwn(BUILT_IN, name)) return undefined;
  const service = { ...plain(name), ...BUILT_IN[name]! };
  const { install } = service;
  return install?.npm === undefined ? service : {
    ...service,
    install: { ...install, npm: `${install.npm}@${service.version}` },
  };
}

function plain(name: string): ServiceDefinition {
  return {
    name,
    title: name,
    command: [],
    args: [],
    env: {},
    domains: [],
    auth: { keys: {}, files: [] },
  };
}

function merge(service: ServiceDefinition, config: ServiceConfig): ServiceDefinition {
  const npm = planPackage(service, config);
  const adapter = planAdapter(service, config);
  const command = config.command ?? (service.command.length > 0 ? service.command : undefined) ??
    (npm === undefined ? undefined : [programOf(npm)]);
  if (command === undefined) {
    throw invalid(`Service "${service.name}" has neither install.npm nor a command`, {
      hint: `Give services.${service.name}.install.npm, "package@1.2.3", or ` +
        `services.${service.name}.command`,
    });
  }
  const version = npm === undefined ? undefined : splitPackage(npm).version;
  const acp = planAcp(service, { config, adapter });
  const headless = planHeadless(service, { config, ...acp });
  const { headless: _own, ...rest } = service;
  return {
    ...rest,
    ...(version === undefined ? {} : { version }),
    ...(npm === undefined && adapter === undefined ? {} : {
      install: {
        ...(npm === undefined ? {} : { npm }),
        ...(adapter === undefined ? {} : { acp: adapter }),
      },
    }),
    command,
    args: [...service.args, ...(config.args ?? [])],
    ...planBypass(service, config),
    ...acp,
    ...(headless === undefined ? {} : { headless }),
    env: { ...service.env, ...config.env },
    domains: [...new Set([...service.domains, ...(config.domains ?? [])])],
  };
}

/** Another command line may know nothing of these arguments. */
function planBypass(service: ServiceDefinition, config: ServiceConfig): { bypass?: string[] } {
  const own = config.command === undefined ? service.bypass : [];
  const bypass = config.bypass ?? own;
  return bypass === undefined ? {} : { bypass };
}

/** Another adapter has another program; one of another version has the same. */
function planAcp(
  service: ServiceDefinition,
  options: { config: ServiceConfig; adapter: string | undefined },
): { acp?: string[] } {
  const { config, adapter } = options;
  if (config.acp !== undefined) return { acp: config.acp };
  const own = service.install?.acp;
  const isSame = adapter === undefined ||
    (own !== undefined && splitPackage(own).name === splitPackage(adapter).name);
  if (!isSame) return { acp: [programOf(adapter)] };
  return service.acp === undefined ? {} : { acp: service.acp };
}

/** Another command line has no known way to work alone, but over ACP, whoever speaks it. */
function planHeadless(
  service: ServiceDefinition,
  options: { config: ServiceConfig; acp?: string[] },
): HeadlessDefinition | undefined {
  const { config: { headless = {}, command }, acp } = options;
  const own = command === undefined ? service.headless : undefined;
  const byAcp = acp === undefined ? undefined : { command: acp, format: "acp" as const };
  if (headless.command !== undefined) {
    return { command: headless.command, format: headless.format ?? own?.format ?? "text" };
  }
  if (headless.format === "acp") return byAcp;
  const known = own ?? byAcp;
  return known === undefined || headless.format === undefined
    ? known
    : { ...known, format: headless.format };
}

function planAdapter(service: ServiceDefinition, config: ServiceConfig): string | undefined {
  const given = config.install?.acp ?? service.install?.acp;
  if (given === undefined) return undefined;
  return checkPackage(splitPackage(given), {
    key: `services.${service.name}.install.acp`,
    given,
  });
}

function planPackage(service: ServiceDefinition, config: ServiceConfig): string | undefined {
  const given = config.install?.npm ?? service.install?.npm;
  if (given === undefined) return undefined;
  const { name, version: own } = splitPackage(given);
  const version = config.version ?? own;
  const key = config.version === undefined
    ? `services.${service.name}.install.npm`
    : `services.${service.name}.version`;
  return checkPackage({ name, version }, { key, given });
}

/** An image must not depend on the day it was built: the version is exact or it is an error. */
function checkPackage(
  { name, version }: { name: string; version?: string | undefined },
  { key, given }: { key: string; given: string },
): string {
  if (!/^(@[a-z0-9._~-]+\/)?[a-z0-9._~-]+$/i.test(name)) {
    throw invalid(`Cannot read ${key}: ${JSON.stringify(given)} is no npm package`, {
      hint: `Give a package of the registry with its version, "name@1.2.3"`,
    });
  }
  if (version === undefined || !EXACT_VERSION.test(version)) {
    throw invalid(`Cannot read ${key}: ${JSON.stringify(version ?? given)} is no exact version`, {
      hint: `Give the exact version, "${name}@1.2.3"; see what there is: npm view ${name} version`,
    });
  }
  return `${name}@${version}`;
}

function splitPackage(text: string): { name: string; version?: string } {
  const at = text.lastIndexOf("@");
  return at > 0 ? { name: text.slice(0, at), version: text.slice(at + 1) } : { name: text };
}

function programOf(npm: string): string {
  return splitPackage(npm).name.split("/").at(-1)!;
}

function listNames({ services, installed = {} }: ServiceSource): string[] {
  return [...new Set([...builtInNames(), ...Object.keys(installed), ...Object.keys(services)])];
}

function unknown(name: string, source: ServiceSource): UserError {
  const names = listNames(source).toSorted();
  const near = findNearest(name, names);
  return new UserError(`There is no service "${name}"`, {
    hint: `${near === undefined ? "" : `Did you mean "${near}"? `}Services: ${names.join(", ")}. ` +
      `Your own goes under services.${name} in the configuration; ` +
      "agents of the ACP registry: sandcage acp list",
    exit: EXIT.usage,
    code: "service-unknown",
  });
}

function invalid(message: string, options: { hint: string }): UserError {
  return new UserError(message, { ...options, exit: EXIT.config, code: "config-invalid" });
}
