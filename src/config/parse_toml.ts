import { parse, TomlDate, TomlError } from "smol-toml";
import { childPath } from "./kit.ts";
import { fileProblem } from "./problem.ts";
import { locateToml, type TomlPlace } from "./toml_places.ts";
import type { Position, Tree, TreeEntry } from "./tree.ts";

/** Deepest nesting of a config file; the schema needs 5. */
const DEPTH_MAX = 32;

/** TOML has no tags: a table's key of this name lists keys of the same table to reset. */
const RESET = "!reset";

/**
 * Reads TOML 1.0 as a tree with positions.
 *
 * @throws {UserError} With file, line and column.
 */
export function parseToml(text: string, file: string): Tree {
  let value: unknown;
  try {
    value = parse(text, { maxDepth: DEPTH_MAX });
  } catch (cause) {
    if (cause instanceof TomlError) {
      const [problem] = cause.message.replace(/^Invalid TOML document: /, "").split("\n");
      const at = { line: cause.line, column: cause.column };
      throw fileProblem(file, `not valid TOML: ${problem}`, { at, cause });
    }
    if (cause instanceof RangeError) throw tooDeep(file, { cause });
    throw cause;
  }
  // The parser bounds values within values, but not the tables of one dotted key.
  if (isDeeper(value, DEPTH_MAX)) throw tooDeep(file);
  return toTree(value, "", { file, places: locateToml(text) });
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || value instanceof TomlDate) return false;
  return levels < 0 || Object.values(value).some((child) => isDeeper(child, levels - 1));
}

function tooDeep(file: string, options: { cause?: unknown } = {}) {
  return fileProblem(file, `nested deeper than ${DEPTH_MAX} levels`, options);
}

type Reading = { file: string; places: ReadonlyMap<string, TomlPlace> };

function toTree(value: unknown, path: string, reading: Reading): Tree {
  const found = reading.places.get(path);
  const at = found?.value ?? { line: 1, column: 1 };
  if (value instanceof TomlDate) {
    return { kind: "scalar", value: value.toString(), source: value.toString(), at, reset: false };
  }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => toTree(item, childPath(path, index), reading));
    return { kind: "list", items, at, reset: false };
  }
  if (typeof value === "object" && value !== null) {
    return { kind: "map", entries: toEntries(value, path, reading), at, reset: false };
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return { kind: "scalar", value, source: found?.source ?? String(value), at, reset: false };
  }
  throw fileProblem(reading.file, "expected a text, a number, true or false", { at });
}

function toEntries(table: object, path: string, reading: Reading): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let resets: unknown[] = [];
  let resetAt: Position = { line: 1, column: 1 };
  for (const [key, value] of Object.entries(table)) {
    const child = childPath(path, key);
    const keyAt = reading.places.get(child)?.key ?? { line: 1, column: 1 };
    if (key === RESET) {
      resetAt = keyAt;
      if (!Array.isArray(value)) {
        throw fileProblem(reading.file, `"${RESET}" is a list of keys of this table`, {
          at: keyAt,
        });
      }
      resets = value;
    } else entries.push({ key, keyAt, value: toTree(value, child, reading) });
  }
  for (const name of resets) {
    if (typeof name !== "string") {
      throw fileProblem(reading.file, `"${RESET}" is a list of keys of this table`, {
        at: resetAt,
      });
    }
    const entry = entries.find((entry) => entry.key === name);
    if (entry !== undefined) entry.value = { ...entry.value, reset: true };
    else entries.push({ key: name, keyAt: resetAt, value: bareReset(resetAt) });
  }
  return entries;
}

function bareReset(at: Position): Tree {
  return { kind: "scalar", value: null, source: "", at, reset: true };
}
