import {
  Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type ScalarTag,
  type YAMLParseError,
  type YAMLWarning,
} from "yaml";
import { fileProblem } from "./problem.ts";
import type { Position, Tree, TreeEntry } from "./tree.ts";

/** Deepest nesting a config file may have; the schema needs 5. */
const DEPTH_MAX = 32;

/** Most values after aliases are expanded; a bomb has billions, a large config hundreds. */
const VALUES_MAX = 20_000;

/** Most aliases: each one costs a walk over the document. */
const ALIASES_MAX = 200;

/** The tag that forgets what the layers below said. */
const RESET = "!reset";

type Reading = {
  file: string;
  document: Document;
  lines: LineCounter;
  values: number;
  aliases: number;
};

const resetTags = [
  { tag: RESET, resolve: (text: string) => (text === "" ? null : text) } satisfies ScalarTag,
  { tag: RESET, collection: "seq" as const },
  { tag: RESET, collection: "map" as const },
];

/**
 * Reads YAML 1.2 as a tree with positions.
 *
 * @throws {UserError} With file, line and column, for anything that is not one plain document.
 */
export function parseYaml(text: string, file: string): Tree {
  const lines = new LineCounter();
  const document = parseSafely(text, file, lines);
  const reading: Reading = { file, document, lines, values: 0, aliases: 0 };
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) {
    // Where the composer ran out of stack depends on the machine.
    if (first.code === "RESOURCE_EXHAUSTION") throw tooDeep(file, { cause: first });
    throw fileProblem(file, formatYamlError(first, text), {
      at: place(reading, first.pos[0]),
      cause: first,
    });
  }
  if (document.contents === null) {
    return { kind: "map", entries: [], at: { line: 1, column: 1 }, reset: false };
  }
  return readNode(document.contents, reading, 0);
}

function parseSafely(text: string, file: string, lines: LineCounter): Document {
  try {
    return parseDocument(text, {
      customTags: resetTags,
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      version: "1.2",
    });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep(file, { cause });
    throw cause;
  }
}

function readNode(node: Node, reading: Reading, depth: number): Tree {
  const at = place(reading, node.range?.[0] ?? 0);
  if (depth > DEPTH_MAX) throw tooDeep(reading.file, { at });
  if (++reading.values > VALUES_MAX) {
    throw fileProblem(reading.file, `more than ${VALUES_MAX} values, aliases counted`, { at });
  }
  const reset = node.tag === RESET;
  if (isAlias(node)) {
    return { ...readNode(resolveAlias(node, reading, at), reading, depth + 1), at };
  }
  if (isScalar(node)) return readScalar(node, { at, reset }, reading);
  if (isSeq(node)) {
    const items = node.items.map((item) => readNode(item as Node, reading, depth + 1));
    return { kind: "list", items, at, reset };
  }
  if (isMap(node)) {
    const entries = node.items.map((pair): TreeEntry => {
      const key = pair.key as Node;
      const keyAt = place(reading, key?.range?.[0] ?? node.range?.[0] ?? 0);
      if (!isScalar(key) || key.value === null) {
        throw fileProblem(reading.file, "a key must be a plain word", { at: keyAt });
      }
      const name = typeof key.value === "string" ? key.value : key.source ?? String(key.value);
      const value = pair.value as Node | null;
      if (value === null) return { key: name, keyAt, value: nothing(keyAt) };
      return { key: name, keyAt, value: readNode(value, reading, depth + 1) };
    });
    return { kind: "map", entries, at, reset };
  }
  throw fileProblem(reading.file, "a value of an unknown kind", { at });
}

function readScalar(
  node: { value: unknown; source?: string },
  place: { at: Position; reset: boolean },
  reading: Reading,
): Tree {
  const { value } = node;
  if (
    value !== null && typeof value !== "string" && typeof value !== "number" &&
    typeof value !== "boolean"
  ) {
    throw fileProblem(reading.file, "expected a text, a number, true, false or null", {
      at: place.at,
    });
  }
  return { kind: "scalar", value, source: node.source ?? String(value), ...place };
}

function resolveAlias(alias: Alias, reading: Reading, at: Position): Node {
  if (++reading.aliases > ALIASES_MAX) {
    throw fileProblem(reading.file, `more than ${ALIASES_MAX} aliases`, { at });
  }
  const target = alias.resolve(reading.document);
  if (target === undefined) {
    throw fileProblem(reading.file, `the alias *${alias.source} names no anchor`, { at });
  }
  return target as Node;
}

function nothing(at: Position): Tree {
  return { kind: "scalar", value: null, source: "", at, reset: false };
}

function place(reading: Reading, offset: number): Position {
  const { line, col } = reading.lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function tooDeep(file: string, options: { at?: Position; cause?: unknown }) {
  return fileProblem(file, `nested deeper than ${DEPTH_MAX} levels`, options);
}

function formatYamlError(error: YAMLParseError | YAMLWarning, text: string): string {
  switch (error.code) {
    case "DUPLICATE_KEY": {
      const [key] = /^[^\s:]+/.exec(text.slice(error.pos[0])) ?? [];
      return `the key ${key ?? "here"} is there twice`;
    }
    case "MULTIPLE_DOCS":
      return "more than one YAML document; a config file holds one";
    case "TAB_AS_INDENT":
      return "a tab indents this line; YAML wants spaces";
    case "TAG_RESOLVE_FAILED":
      return `${oneLine(error.message)}; the only tag of a config file is !reset`;
    default:
      return `not valid YAML: ${oneLine(error.message)}`;
  }
}

/** The parser quotes the file, which may go on on another line: none of its lines is one of ours. */
function oneLine(message: string): string {
  return message.replace(/[\r\n]+/g, " ");
}
