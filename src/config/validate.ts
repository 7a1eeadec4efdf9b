import { childPath, type Node } from "./kit.ts";
import { findNearest } from "./nearest.ts";
import type { ConfigLayer } from "./schema.ts";
import type { Position, Tree, TreeEntry } from "./tree.ts";

/** What is wrong at one place of a config file. */
export type Issue = { at: Position; path: string; problem: string; hint?: string };

/** A layer read from a tree: the values, what it resets, and where each path is. */
export type Validated = {
  value: ConfigLayer;
  resets: Set<string>;
  positions: Map<string, Position>;
  issues: Issue[];
};

type Walk = Omit<Validated, "value"> & { root: Node };

/** Most characters of a bad value that a message repeats. */
const QUOTE_MAX = 60;

/**
 * Checks a tree against the schema and keeps what is right. Never throws: all that is wrong is in
 * `issues`, in the order of the file.
 */
export function validateTree(tree: Tree, schema: Node): Validated {
  const walk: Walk = { resets: new Set(), positions: new Map(), issues: [], root: schema };
  const value = read(schema, tree, "", walk) ?? {};
  walk.issues.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  const { resets, positions, issues } = walk;
  return { value: value as ConfigLayer, resets, positions, issues };
}

function read(node: Node, tree: Tree, path: string, walk: Walk): unknown {
  walk.positions.set(path, tree.at);
  const nothing = tree.kind === "scalar" && tree.value === null;
  if (tree.reset) {
    if (path === "") {
      return fail(walk, tree, path, "!reset belongs to a key, not to the whole file");
    }
    walk.resets.add(path);
    if (nothing) return undefined;
    if (tree.kind === "scalar") {
      return fail(walk, tree, path, "!reset goes alone or with a list or a map");
    }
  }
  // `hide:` with every line below commented out says nothing, and is no mistake.
  if (nothing && (node.kind === "list" || node.kind === "map" || node.kind === "object")) {
    return undefined;
  }
  switch (node.kind) {
    case "string":
    case "scalar":
      return readText(node, tree, path, walk);
    case "number":
    case "boolean":
    case "literal":
    case "enum":
      return readPlain(node, tree, path, walk);
    case "nullable":
      return nothing ? null : read(node.of, tree, path, walk);
    case "listOr":
      return read(tree.kind === "list" ? node.list : node.other, tree, path, walk);
    case "mapOr":
      return read(tree.kind === "map" ? node.map : node.other, tree, path, walk);
    case "list":
      return readList(node, tree, path, walk);
    case "map":
    case "object":
      return readMap(node, tree, path, walk);
  }
}

function readText(
  node: Node & { kind: "string" | "scalar" },
  tree: Tree,
  path: string,
  walk: Walk,
): unknown {
  const isText = tree.kind === "scalar" && tree.value !== null &&
    (node.kind === "scalar" || typeof tree.value === "string");
  if (!isText) {
    const hint = tree.kind === "scalar" && tree.value !== null
      ? `Write it in quotes: "${tree.source}"`
      : undefined;
    return fail(walk, tree, path, mismatch(node, tree), hint);
  }
  // The source keeps what a number would lose: 3.10 is not 3.1.
  const text = typeof tree.value === "string" ? tree.value : tree.source;
  if (node.pattern?.test(text) === false) return fail(walk, tree, path, mismatch(node, tree));
  return text;
}

function readPlain(
  node: Node & { kind: "number" | "boolean" | "literal" | "enum" },
  tree: Tree,
  path: string,
  walk: Walk,
): unknown {
  const value = tree.kind === "scalar" ? tree.value : null;
  switch (node.kind) {
    case "number":
      if (
        typeof value === "number" && Number.isFinite(value) && value > 0 &&
        (!node.integer || Number.isSafeInteger(value)) && value <= (node.most ?? Infinity)
      ) return value;
      return fail(walk, tree, path, mismatch(node, tree));
    case "boolean":
      return typeof value === "boolean" ? value : fail(walk, tree, path, mismatch(node, tree));
    case "literal":
      return value === node.value ? value : fail(walk, tree, path, mismatch(node, tree));
    case "enum": {
      if (typeof value === "string" && node.values.includes(value)) return value;
      const near = typeof value === "string" ? findNearest(value, node.values) : undefined;
      return fail(walk, tree, path, mismatch(node, tree), near && `Did you mean ${near}?`);
    }
  }
}

function readList(node: Node & { kind: "list" }, tree: Tree, path: string, walk: Walk): unknown {
  if (tree.kind !== "list") {
    const hint = tree.kind === "scalar" ? `Write it as a list: [${quote(tree.source)}]` : undefined;
    return fail(walk, tree, path, mismatch(node, tree), hint);
  }
  if (tree.items.length < node.min) {
    return fail(walk, tree, path, `expected at least ${node.min} item, got an empty list`);
  }
  return tree.items.map((item, index) => readItem(node.of, item, childPath(path, index), walk));
}

/** A key may be there and say nothing; an item of a list is something. */
function readItem(node: Node, tree: Tree, path: string, walk: Walk): unknown {
  if (tree.reset) {
    return fail(walk, tree, path, "!reset belongs to a key, not to an item of a list");
  }
  const isNothing = tree.kind === "scalar" && tree.value === null;
  const isOpen = node.kind === "list" || node.kind === "map" || node.kind === "object";
  if (isNothing && isOpen) return fail(walk, tree, path, mismatch(node, tree));
  return read(node, tree, path, walk);
}

function readMap(
  node: Node & { kind: "map" | "object" },
  tree: Tree,
  path: string,
  walk: Walk,
): unknown {
  if (tree.kind !== "map") return fail(walk, tree, path, mismatch(node, tree));
  const value: Record<string, unknown> = {};
  for (const entry of tree.entries) {
    const childNode = findChild(node, entry, path, walk);
    if (childNode === undefined) continue;
    const child = read(childNode, entry.value, childPath(path, entry.key), walk);
    // An item of a map that says nothing is still there: `services: {claude: }`.
    if (child !== undefined) value[entry.key] = child;
    else if (node.kind === "map" && !entry.value.reset) value[entry.key] = {};
    walk.positions.set(childPath(path, entry.key), entry.keyAt);
  }
  for (const key of node.kind === "object" ? node.required : []) {
    if (Object.hasOwn(value, key) || tree.entries.some((entry) => entry.key === key)) continue;
    fail(walk, tree, path, `the key "${key}" is missing`);
  }
  return value;
}

/** The node of a key, or `undefined` and an issue. */
function findChild(
  node: Node & { kind: "map" | "object" },
  entry: TreeEntry,
  path: string,
  walk: Walk,
): Node | undefined {
  const { key } = entry;
  const report = (problem: string, hint?: string) =>
    walk.issues.push({ at: entry.keyAt, path, problem, ...(hint ? { hint } : {}) });
  if (node.kind === "map") {
    // The one name that would reach a prototype when it is assigned to.
    if (node.key.pattern.test(key) && key !== "__proto__") return node.of;
    report(`${quote(key)} cannot be a key here, expected ${node.key.expected}`);
    return undefined;
  }
  const child = Object.hasOwn(node.keys, key) ? node.keys[key] : undefined;
  if (child === undefined) {
    report(`unknown key ${quote(key)}`, suggestKey(key, node, walk.root));
    return undefined;
  }
  return child;
}

function suggestKey(key: string, node: Node & { kind: "object" }, root: Node): string {
  const allowed = Object.keys(node.keys);
  const near = findNearest(key, allowed);
  if (near !== undefined) return `Did you mean ${near}?`;
  const elsewhere = root.kind === "object" ? findElsewhere(key, root) : undefined;
  if (elsewhere !== undefined) return `Did you mean ${elsewhere}?`;
  return `Keys that exist here: ${allowed.join(", ")}`;
}

/** A key of that name in another section, or at the top. */
function findElsewhere(key: string, root: Node & { kind: "object" }): string | undefined {
  if (Object.hasOwn(root.keys, key)) return `${key} at the top of the file`;
  for (const [name, child] of Object.entries(root.keys)) {
    if (child.kind === "object" && Object.hasOwn(child.keys, key)) {
      return `${name}.${key}`;
    }
  }
  return undefined;
}

function fail(walk: Walk, tree: Tree, path: string, problem: string, hint?: string): undefined {
  walk.issues.push({ at: tree.at, path, problem, ...(hint ? { hint } : {}) });
  return undefined;
}

function mismatch(node: Node, tree: Tree): string {
  return `expected ${formatExpected(node)}, got ${formatGot(tree)}`;
}

/** What a node accepts, in words. */
export function formatExpected(node: Node): string {
  switch (node.kind) {
    case "string":
    case "scalar":
    case "number":
      return node.expected;
    case "boolean":
      return "true or false";
    case "literal":
      return String(node.value);
    case "enum":
      return node.values.length === 1 ? String(node.values[0]) : `one of ${orList(node.values)}`;
    case "nullable":
      return `${formatExpected(node.of)}, or null`;
    case "listOr":
      return `${formatExpected(node.other)}, or a list`;
    case "mapOr":
      return `${formatExpected(node.other)}, or a map`;
    case "list":
      return "a list";
    case "map":
    case "object":
      return "a map of keys and values";
  }
}

function formatGot(tree: Tree): string {
  if (tree.kind === "list") return "a list";
  if (tree.kind === "map") return "a map";
  if (tree.value === null) return "nothing";
  return typeof tree.value === "string" ? quote(tree.value) : tree.source;
}

function quote(text: string): string {
  const short = text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX)}…` : text;
  return JSON.stringify(short);
}

function orList(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
