import { dirname, join } from "node:path";
import type { Host } from "../host.ts";
import { CONFIG_FILE } from "../names.ts";
import { defaultConfig } from "./defaults.ts";
import { type Layer, type LayerName, mergeLayers, type Origin } from "./merge.ts";
import { resolvePaths } from "./paths.ts";
import { issuesProblem } from "./problem.ts";
import { readConfigText } from "./read.ts";
import { type Config, type ConfigLayer, configSchema } from "./schema.ts";
import { type Tree, treeOf } from "./tree.ts";
import { validateTree } from "./validate.ts";

/** The effective configuration and everything it was made from. */
export type LoadedConfig = {
  config: Config;
  /**
   * Where each value comes from, by path: `network.mode`, `packages[0]`, `services.claude.env.X`. A
   * list or a map has an entry of its own, which names the last layer that touched it.
   */
  origins: ReadonlyMap<string, Origin>;
  /** Lowest first; a layer whose file is missing is left out. */
  layers: Layer[];
};

/** What loading needs. */
export type LoadOptions = {
  host: Host;
  /** The command line as the highest layer. */
  flags?: ConfigLayer;
};

/**
 * Reads, checks and merges all layers of a project: defaults, user file, project file, local file,
 * flags. Only what exists costs time: no parser is loaded for a file that is not there.
 *
 * @param projectPath Absolute path of the project.
 * @throws {UserError} Exit 3, with file, line, column, key and what was expected; exit 2 when a flag
 *   is wrong.
 */
export async function loadConfig(
  projectPath: string,
  options: LoadOptions,
): Promise<LoadedConfig> {
  const { host, flags } = options;
  const found = await Promise.all([
    readLayer("user", join(host.stateDir, CONFIG_FILE.user), { host }),
    readLayer("project", join(projectPath, CONFIG_FILE.project), { host, inside: projectPath }),
    readLayer("local", join(projectPath, CONFIG_FILE.local), { host, inside: projectPath }),
  ]);
  const layers: Layer[] = [
    makeLayer("defaults", defaultConfig()),
    ...found.filter((layer) => layer !== undefined),
  ];
  if (flags !== undefined && Object.keys(flags).length > 0) {
    layers.push(toLayer("flags", treeOf(flags), { file: null, base: host.cwd, host }));
  }
  const { config, origins } = mergeLayers(layers);
  if (needsCheck(config)) {
    const { checkMerged } = await import("./check.ts");
    checkMerged({ config, origins });
  }
  if (config.mounts.length === 0 && config.workspace.dirs.length === 0) {
    return { config, origins, layers };
  }
  const { settleHostPaths } = await import("./host_paths.ts");
  return { config: await settleHostPaths(config, { origins, host }), origins, layers };
}

/** Whether a value is set that says more than its own shape shows. */
function needsCheck({ network, inspect, secrets, services }: Config): boolean {
  const { allow, block, passthrough, dns, pool } = network;
  return [allow, block, passthrough, dns, inspect.hosts].some((list) => list.length > 0) ||
    pool !== defaultConfig().network.pool || Object.keys(secrets).length > 0 ||
    Object.values(services).some(({ domains = [] }) => domains.length > 0);
}

/** Reads one config file as a layer, `undefined` when it does not exist. */
async function readLayer(
  name: LayerName,
  file: string,
  options: { host: Host; inside?: string },
): Promise<Layer | undefined> {
  const text = await readConfigText(file, options);
  if (text === undefined) return undefined;
  const parse = file.endsWith(".toml")
    ? (await import("./parse_toml.ts")).parseToml
    : (await import("./parse_yaml.ts")).parseYaml;
  return toLayer(name, parse(text, file), { file, base: dirname(file), host: options.host });
}

function toLayer(
  name: LayerName,
  tree: Tree,
  options: { file: string | null; base: string; host: Host },
): Layer {
  const { value, resets, positions, issues } = validateTree(tree, configSchema);
  if (issues.length > 0) throw issuesProblem(options.file, issues);
  return {
    name,
    file: options.file,
    value: resolvePaths(value, options),
    resets,
    positions,
  };
}

function makeLayer(name: LayerName, value: ConfigLayer): Layer {
  return { name, file: null, value, resets: new Set(), positions: new Map() };
}
