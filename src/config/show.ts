import type { LoadedConfig } from "./layers.ts";
import { maskValue } from "./mask.ts";
import type { Origin } from "./merge.ts";
import { childPath } from "./kit.ts";
import type { Config } from "./schema.ts";

/** One effective value and where it comes from. */
export type ShownValue = { key: string; value: unknown; origin: Origin };

const BUILT_IN: Origin = { layer: "defaults", file: null, line: null, column: null };

/** The configuration as it may be printed: literal values that look like credentials are masked. */
export function maskConfig(config: Config): Config {
  const services = Object.fromEntries(
    Object.entries(config.services).map(([name, service]) => [
      name,
      service.env === undefined ? service : { ...service, env: maskAll(service.env) },
    ]),
  );
  return {
    ...config,
    image: { ...config.image, args: maskAll(config.image.args) },
    env: maskAll(config.env),
    services,
  };
}

/** Every effective value with its origin: scalars, list items, and what is empty. Pure. */
export function listValues(loaded: Pick<LoadedConfig, "config" | "origins">): ShownValue[] {
  const values: ShownValue[] = [];
  const visit = (value: unknown, path: string, inherited: Origin) => {
    const origin = loaded.origins.get(path) ?? inherited;
    const children = Array.isArray(value)
      ? [...value.entries()]
      : typeof value === "object" && value !== null
      ? Object.entries(value)
      : [];
    if (children.length === 0) values.push({ key: path, value, origin });
    for (const [key, child] of children) visit(child, childPath(path, key), origin);
  };
  visit(maskConfig(loaded.config), "", BUILT_IN);
  return values;
}

/** The origin for people: `default`, `flag`, or the file and line. */
export function formatOrigin(origin: Origin): string {
  switch (origin.layer) {
    case "defaults":
      return "default";
    case "flags":
      return "flag";
    default:
      return `${origin.layer} ${origin.file}:${origin.line}`;
  }
}

function maskAll(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, maskValue(name, value)]),
  );
}
