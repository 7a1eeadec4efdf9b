import { checkMerged } from "../../src/config/check.ts";
import { defaultConfig } from "../../src/config/defaults.ts";
import { addTomlItems, removeTomlItem } from "../../src/config/edit_toml.ts";
import { addYamlItems, removeYamlItem } from "../../src/config/edit_yaml.ts";
import { planGrants } from "../../src/config/grants.ts";
import { type Layer, type LayerName, mergeLayers } from "../../src/config/merge.ts";
import { parseToml } from "../../src/config/parse_toml.ts";
import { parseYaml } from "../../src/config/parse_yaml.ts";
import { resolvePaths } from "../../src/config/paths.ts";
import { issuesProblem } from "../../src/config/problem.ts";
import { decode } from "../../src/config/read.ts";
import { type Config, configSchema } from "../../src/config/schema.ts";
import { type Tree, treeOf } from "../../src/config/tree.ts";
import { formatGrants } from "../../src/config/trust.ts";
import { validateTree } from "../../src/config/validate.ts";
import { enabledServices } from "../../src/service/registry.ts";
import { refusedClearly } from "./clear.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import {
  drawConfig,
  formatToml,
  formatYaml,
  TOML_MATERIAL,
  YAML_MATERIAL,
} from "./seeds/config.ts";
import { expect, type Target, type Verdict } from "./target.ts";

const YAML_FILE = "/work/p/.sandcage.yml";
const TOML_FILE = "/home/u/.sandcage/config.toml";
const HOST = { home: "/home/u", platform: "linux" } as const;
const encoder = new TextEncoder();

const DEFAULTS: Layer = {
  name: "defaults",
  file: null,
  value: defaultConfig(),
  resets: new Set(),
  positions: new Map(),
};

/** A user's own file, so that a project's has something to weaken. */
const USER = toLayer(
  "user",
  parseYaml(
    "network: { block: [evil.test], dns: [1.1.1.1] }\nworkspace: { hide: ['*.key'] }\n" +
      "services: { codex: { enabled: false } }\nlimits: { memory: 2g }\nssh: { enabled: false }\n",
    "/home/u/.sandcage/config.yml",
  ),
  "/home/u/.sandcage/config.yml",
);

/** Readers of configuration: files of the user and of strangers' projects. */
export const CONFIG_READERS: readonly Target[] = [
  {
    name: "config/user-toml",
    material: TOML_MATERIAL,
    make: (random) => makeText(random, TOML_MATERIAL, formatToml),
    read: (bytes) => readFile(bytes, { name: "user", file: TOML_FILE }),
  },
  {
    name: "config/project-yaml",
    material: YAML_MATERIAL,
    make: (random) => makeText(random, YAML_MATERIAL, (value) => formatYaml(value, random)),
    read: (bytes) => readFile(bytes, { name: "project", file: YAML_FILE }),
  },
  {
    name: "config/services",
    material: YAML_MATERIAL,
    make: (random) =>
      makeText(random, YAML_MATERIAL, (value) => formatYaml(value, random), "services"),
    read: (bytes) => readFile(bytes, { name: "local", file: YAML_FILE }),
  },
  {
    name: "config/edit-yaml",
    material: YAML_MATERIAL,
    make: (random) =>
      makeText(random, YAML_MATERIAL, (value) => formatYaml(value, random), "network"),
    read: (bytes, random) =>
      edit(bytes, random, {
        file: YAML_FILE,
        parse: parseYaml,
        add: addYamlItems,
        remove: removeYamlItem,
      }),
  },
  {
    name: "config/edit-toml",
    material: TOML_MATERIAL,
    make: (random) => makeText(random, TOML_MATERIAL, formatToml, "network"),
    read: (bytes, random) =>
      edit(bytes, random, {
        file: TOML_FILE,
        parse: parseToml,
        add: addTomlItems,
        remove: removeTomlItem,
      }),
  },
];

function makeText(
  random: Random,
  material: typeof YAML_MATERIAL,
  format: (value: unknown) => string,
  section?: string,
): Uint8Array<ArrayBuffer> {
  if (random.oneIn(4)) return mutate(random, material);
  const bytes = encoder.encode(format(drawConfig(random, section)));
  return random.oneIn(4) ? mutate(random, { ...material, seeds: [bytes] }) : bytes;
}

function toLayer(name: LayerName, tree: Tree, file: string): Layer {
  const { value, issues, resets, positions } = validateTree(tree, configSchema);
  if (issues.length > 0) throw issuesProblem(file, issues);
  const base = file.slice(0, file.lastIndexOf("/"));
  return { name, file, value: resolvePaths(value, { base, host: HOST }), resets, positions };
}

/** The way of a file as `loadConfig` and a launch go it, without the disk. */
function readFile(
  bytes: Uint8Array,
  { name, file }: { name: "user" | "project" | "local"; file: string },
): Verdict {
  let layers: Layer[];
  let merged: ReturnType<typeof mergeLayers>;
  try {
    const text = decode(bytes, file);
    const layer = toLayer(name, (file === TOML_FILE ? parseToml : parseYaml)(text, file), file);
    layers = name === "user" ? [DEFAULTS, layer] : [DEFAULTS, USER, layer];
    merged = mergeLayers(layers);
    checkMerged(merged);
  } catch (error) {
    return refusedClearly(error, { place: file });
  }
  const { config, origins } = merged;
  expectWhole(config);
  for (const { line, file: from } of origins.values()) {
    expect(from === null || (line ?? 0) > 0, "a value of a file has a line");
  }
  const grants = planGrants({ config, origins, layers });
  expect(name !== "user" || grants.length === 0, "the user's own file asks nobody");
  for (const grant of grants) {
    expect(grant.file === file && grant.line > 0, "what is asked has its place in the project");
    expect(grant.why !== "" && !/undefined|\[object/.test(grant.shown), "what is asked is said");
  }
  const shown = formatGrants(grants);
  expect(grants.length === 0 || shown.split("\n").length === grants.length, "a grant is one line");
  try {
    enabledServices({ services: config.services });
  } catch (error) {
    return refusedClearly(error, {});
  }
  return "accepted";
}

/** What is merged is still what the schema takes, and nothing of it reached a prototype. */
function expectWhole(config: Config): void {
  const { issues } = validateTree(treeOf(config), configSchema);
  expect(issues.length === 0, `what is merged is right: ${issues[0]?.path} ${issues[0]?.problem}`);
  expect(Object.getPrototypeOf(config.env) === Object.prototype, "no prototype is changed");
  expect(!("polluted" in {}), "no prototype is changed");
}

type Editing = {
  file: string;
  parse(text: string, file: string): Tree;
  add(text: string, items: readonly string[], place: Place): string;
  remove(text: string, index: number, place: Place): string;
};
type Place = { file: string; path: readonly string[] };

/** A rule is added to a file and taken out again: nothing else in it changes its meaning. */
function edit(bytes: Uint8Array, random: Random, editing: Editing): Verdict {
  const { file, parse } = editing;
  const place = { file, path: ["network", random.pick(["allow", "block"])] };
  const item = random.pick(["new.test", "*.new.test", "10.9.0.0/16", "true", "a: b", "#x"]);
  try {
    const text = decode(bytes, file);
    const found = findAt(parse(text, file), place.path);
    const before = itemsOf(found);
    const isNone = found !== undefined && found.kind !== "list" &&
      !(found.kind === "scalar" && (found.value === null || found.value === ""));
    const added = editing.add(text, [item], place);
    expect(!isNone, "what stands in a list's place is not thrown away");
    const after = itemsOf(findAt(parse(added, file), place.path));
    expect(after.length === before.length + 1, "one is added");
    expect(
      after.at(-1) === JSON.stringify(item),
      `what is added is what was asked: ${after.at(-1)}`,
    );
    const removed = editing.remove(added, after.length - 1, place);
    const back = itemsOf(findAt(parse(removed, file), place.path));
    expect(JSON.stringify(back) === JSON.stringify(before), "what was there is there again");
  } catch (error) {
    return refusedClearly(error, { place: file });
  }
  return "accepted";
}

function findAt(tree: Tree, path: readonly string[]): Tree | undefined {
  let at: Tree | undefined = tree;
  for (const key of path) {
    at = at?.kind === "map" ? at.entries.find((entry) => entry.key === key)?.value : undefined;
  }
  return at;
}

function itemsOf(tree: Tree | undefined): string[] {
  return tree?.kind === "list" ? tree.items.map(valueOf) : [];
}

function valueOf(tree: Tree): string {
  switch (tree.kind) {
    case "scalar":
      return JSON.stringify(tree.value);
    case "list":
      return `[${tree.items.map(valueOf).join()}]`;
    case "map":
      return `{${tree.entries.map(({ key, value }) => `${key}:${valueOf(value)}`).join()}}`;
  }
}
