import { findKnownHosts } from "../secrets/known.ts";
import { childPath, type Node } from "./kit.ts";
import { type Config, type ConfigLayer, configSchema } from "./schema.ts";
import type { Position } from "./tree.ts";

/** The layers, lowest first. */
export const LAYER_NAMES = ["defaults", "user", "project", "local", "flags"] as const;

/** One of {@link LAYER_NAMES}. */
export type LayerName = typeof LAYER_NAMES[number];

/** One layer, validated. */
export type Layer = {
  name: LayerName;
  /** Absolute path of the file, `null` for the defaults and the flags. */
  file: string | null;
  value: ConfigLayer;
  /** Paths whose value of all lower layers is forgotten first. */
  resets: ReadonlySet<string>;
  /** Where each path of `value` and `resets` stands in the file. */
  positions: ReadonlyMap<string, Position>;
};

/** Where an effective value comes from; `line` and `column` count from 1. */
export type Origin = {
  layer: LayerName;
  file: string | null;
  line: number | null;
  column: number | null;
};

/** The effective configuration and the origin of each of its values and list items, by path. */
export type Merged = { config: Config; origins: ReadonlyMap<string, Origin> };

type Merging = { layer: Layer; origins: Map<string, Origin> };

/**
 * Folds the layers, lowest first. Maps merge by key, lists append what is not there yet, scalars
 * replace, and a reset forgets what came before: lists and maps become empty, everything else falls
 * back to its default. Nothing that is passed in is changed.
 *
 * @param layers The first one is complete.
 */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const origins = new Map<string, Origin>();
  const defaults = layers[0]?.value;
  let value: unknown;
  for (const layer of layers) {
    value = merge(configSchema, { low: value, high: layer.value, fallback: defaults }, "", {
      layer,
      origins,
    });
  }
  const config = value as Config & { version?: number };
  delete config.version;
  origins.delete("version");
  fillSecrets(config, origins);
  return { config, origins };
}

type Sides = { low: unknown; high: unknown; fallback: unknown };

function merge(node: Node, sides: Sides, path: string, merging: Merging): unknown {
  let { low } = sides;
  const isReset = merging.layer.resets.has(path);
  if (isReset) {
    forget(path, merging.origins);
    low = emptied(node, sides.fallback);
    markAll(node, low, path, merging);
  }
  const isSection = node.kind === "object" || node.kind === "map";
  if (sides.high === undefined && !(isSection && hasResetBelow(path, merging.layer))) {
    return isReset ? low : copy(low);
  }
  switch (node.kind) {
    case "object":
    case "map":
      return mergeMap(node, { ...sides, low }, path, merging);
    case "list":
      return mergeList(node, { ...sides, low }, path, merging);
    case "nullable":
    case "listOr":
    default:
      forget(path, merging.origins);
      merging.origins.set(path, originOf(path, merging.layer));
      return copy(sides.high);
  }
}

function mergeMap(
  node: Node & { kind: "object" | "map" },
  sides: Sides,
  path: string,
  merging: Merging,
): unknown {
  const low = asRecord(sides.low);
  const high = asRecord(sides.high);
  const fallback = asRecord(sides.fallback);
  const out: Record<string, unknown> = {};
  const keys = new Set([...Object.keys(low), ...Object.keys(high)]);
  if (node.kind === "map" && sides.high !== undefined) {
    merging.origins.set(path, originOf(path, merging.layer));
  }
  for (const key of keys) {
    const child = node.kind === "map" ? node.of : own(node.keys, key);
    if (child === undefined) continue;
    const value = merge(
      child as Node,
      { low: own(low, key), high: own(high, key), fallback: own(fallback, key) },
      childPath(path, key),
      merging,
    );
    if (value !== undefined) put(out, key, value);
    // An entry may say nothing more than its name: `secrets: {API_KEY: {}}`.
    if (node.kind === "map" && own(high, key) !== undefined) {
      const at = childPath(path, key);
      merging.origins.set(at, originOf(at, merging.layer));
    }
  }
  return out;
}

function mergeList(
  node: Node & { kind: "list" },
  sides: Sides,
  path: string,
  merging: Merging,
): unknown[] {
  const replaces = node.merge === "replace";
  const out: unknown[] = replaces || !Array.isArray(sides.low) ? [] : sides.low.map(copy);
  const seen = new Set(node.merge === "append" ? out.map(identity) : []);
  if (replaces) forget(path, merging.origins);
  merging.origins.set(path, originOf(path, merging.layer));
  for (const [index, item] of (sides.high as unknown[]).entries()) {
    if (node.merge === "append") {
      if (seen.has(identity(item))) continue;
      seen.add(identity(item));
    }
    const origin = originOf(childPath(path, index), merging.layer);
    merging.origins.set(childPath(path, out.length), origin);
    out.push(copy(item));
  }
  return out;
}

/** What a reset leaves: nothing in a list or a map, the default of everything else. */
function emptied(node: Node, fallback: unknown): unknown {
  if (node.kind === "list") return [];
  if (node.kind === "map") return {};
  return copy(fallback);
}

/** Gives every value below `path` to the layer that reset it. */
function markAll(node: Node, value: unknown, path: string, merging: Merging): void {
  if (value === undefined) return;
  if (node.kind !== "object") {
    merging.origins.set(path, originOf(path, merging.layer));
    return;
  }
  for (const [key, child] of Object.entries(asRecord(value))) {
    const childNode = own(node.keys, key) as Node | undefined;
    if (childNode === undefined) continue;
    const origin = originOf(path, merging.layer);
    markAll(childNode, child, childPath(path, key), merging);
    merging.origins.set(childPath(path, key), origin);
  }
}

function forget(path: string, origins: Map<string, Origin>): void {
  for (const key of origins.keys()) {
    if (key === path || key.startsWith(`${path}.`) || key.startsWith(`${path}[`)) {
      origins.delete(key);
    }
  }
}

function hasResetBelow(path: string, layer: Layer): boolean {
  if (path === "") return layer.resets.size > 0;
  for (const reset of layer.resets) {
    if (reset.startsWith(`${path}.`) || reset.startsWith(`${path}[`)) return true;
  }
  return false;
}

/** The secrets' own defaults: they have no fixed keys that the bottom layer could hold. */
function fillSecrets(config: Config, origins: Map<string, Origin>): void {
  for (const [name, secret] of Object.entries(config.secrets)) {
    config.secrets[name] = {
      from: secret.from ?? "env",
      to: secret.to ?? [...(findKnownHosts(name) ?? [])],
      body: secret.body ?? false,
    };
    const path = childPath("secrets", name);
    const origin = origins.get(path);
    for (const key of ["from", "to", "body"]) {
      const at = childPath(path, key);
      if (origin !== undefined && !origins.has(at)) origins.set(at, origin);
    }
  }
}

function originOf(path: string, layer: Layer): Origin {
  const at = layer.positions.get(path);
  return {
    layer: layer.name,
    file: layer.file,
    line: layer.file === null ? null : at?.line ?? null,
    column: layer.file === null ? null : at?.column ?? null,
  };
}

function identity(item: unknown): string {
  if (typeof item !== "object" || item === null) return JSON.stringify(item) ?? "";
  return JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A deep copy of plain data; cheaper than structuredClone for small values. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== "object" || value === null) return value;
  const out: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) put(out, key, copy(child));
  return out;
}

/** Assigns without ever reaching a prototype. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") target[key] = value;
}

function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}
