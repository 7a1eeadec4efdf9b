import type { Node } from "./kit.ts";
import { configSchema } from "./schema.ts";

/** A piece of a JSON Schema. */
type Json = { [key: string]: unknown };

/**
 * The JSON Schema of `.sandcage.yml`, for editors: draft 2020-12, deterministic. A reset tag or an
 * empty key is not in it: YAML tags are invisible to a schema.
 *
 * @see {@link https://json-schema.org/draft/2020-12}
 */
export function jsonSchema(): unknown {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "sandcage configuration",
    description: "One layer of sandcage's configuration, such as .sandcage.yml in a project",
    ...toJson(configSchema),
  };
}

function toJson(node: Node): Json {
  const description = node.text === undefined ? {} : { description: node.text };
  return { ...description, ...shapeOf(node) };
}

function shapeOf(node: Node): Json {
  switch (node.kind) {
    case "string":
      return { type: "string", ...patternOf(node.pattern) };
    case "scalar":
      return { type: ["string", "number", "boolean"], ...patternOf(node.pattern) };
    case "number":
      return {
        type: node.integer ? "integer" : "number",
        exclusiveMinimum: 0,
        ...(node.most === undefined ? {} : { maximum: node.most }),
      };
    case "boolean":
      return { type: "boolean" };
    case "literal":
      return { const: node.value };
    case "enum":
      return { enum: [...node.values] };
    case "nullable":
      return { anyOf: [toJson(node.of), { type: "null" }] };
    case "listOr":
      return { anyOf: [toJson(node.other), toJson(node.list)] };
    case "mapOr":
      return { anyOf: [toJson(node.other), toJson(node.map)] };
    case "list":
      return orNothing(node, {
        type: "array",
        items: toJson(node.of),
        ...(node.min > 0 ? { minItems: node.min } : {}),
      });
    case "map":
      return orNothing(node, {
        type: "object",
        propertyNames: { pattern: node.key.pattern.source },
        additionalProperties: toJson(node.of),
      });
    case "object": {
      const keys = Object.entries(node.keys);
      return orNothing(node, {
        type: "object",
        properties: Object.fromEntries(keys.map(([key, child]) => [key, toJson(child)])),
        additionalProperties: false,
        ...(node.required.length > 0 ? { required: [...node.required] } : {}),
      });
    }
  }
}

/** A list, map or section whose lines are all commented out says nothing, and is valid. */
function orNothing(node: Node, shape: Json): Json {
  return node === configSchema ? shape : { ...shape, type: [shape.type, "null"] };
}

/** Flags do not exist in JSON Schema: a pattern that ignores case spells both. */
function patternOf(pattern: RegExp | undefined): Json {
  if (pattern === undefined) return {};
  if (!pattern.ignoreCase) return { pattern: pattern.source };
  const source = pattern.source.replace(
    /\\[dwsb]|\[[^\]]*\]|[a-z]/g,
    (piece) => (piece.length > 1 ? piece : `[${piece}${piece.toUpperCase()}]`),
  );
  return { pattern: source };
}
