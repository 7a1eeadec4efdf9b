import { childPath } from "./kit.ts";
import type { Position } from "./tree.ts";

/** Where a key and its value stand; `source` is the text of a bare value such as `1.10`. */
export type TomlPlace = { key: Position; value: Position; source?: string };

type Scan = {
  text: string;
  offset: number;
  line: number;
  lineStart: number;
  places: Map<string, TomlPlace>;
};

/**
 * Finds every key of a TOML document that already parsed: the parser keeps no positions. Paths are
 * those of `childPath`. On a document that does not parse the result is meaningless, never an error.
 */
export function locateToml(text: string): Map<string, TomlPlace> {
  const scan: Scan = { text, offset: 0, line: 1, lineStart: 0, places: new Map() };
  const arrays = new Map<string, number>();
  let table = "";
  for (skipBlank(scan); scan.offset < text.length; skipBlank(scan)) {
    const before = scan.offset;
    if (peek(scan) === "[") table = scanHeader(scan, arrays);
    else scanPair(scan, table);
    if (scan.offset === before) advance(scan);
  }
  return scan.places;
}

function scanHeader(scan: Scan, arrays: Map<string, number>): string {
  const at = here(scan);
  const isArray = scan.text.startsWith("[[", scan.offset);
  advance(scan, isArray ? 2 : 1);
  const keys = scanKeys(scan);
  advance(scan, isArray ? 2 : 1);
  let path = "";
  for (const [index, key] of keys.entries()) {
    path = childPath(path, key);
    const isLast = index === keys.length - 1;
    if (isArray && isLast) arrays.set(path, (arrays.get(path) ?? -1) + 1);
    put(scan, path, { key: at, value: at });
    const count = arrays.get(path);
    if (count !== undefined) path = childPath(path, count);
    put(scan, path, { key: at, value: at });
  }
  return path;
}

function scanPair(scan: Scan, table: string): void {
  const at = here(scan);
  const keys = scanKeys(scan);
  skipSpaces(scan);
  if (peek(scan) === "=") advance(scan);
  skipSpaces(scan);
  const value = here(scan);
  let path = table;
  for (const key of keys) {
    path = childPath(path, key);
    put(scan, path, { key: at, value });
  }
  const source = scanValue(scan, path);
  if (source !== undefined) scan.places.set(path, { key: at, value, source });
}

/** Moves behind one value; the text of a bare one is returned. */
function scanValue(scan: Scan, path: string): string | undefined {
  const first = peek(scan);
  if (first === '"' || first === "'") {
    scanString(scan);
    return undefined;
  }
  if (first === "[") {
    advance(scan);
    for (let index = 0; skipBlank(scan), hasMore(scan, "]"); index++) {
      const child = childPath(path, index);
      put(scan, child, { key: here(scan), value: here(scan) });
      const source = scanValue(scan, child);
      const place = scan.places.get(child);
      if (source !== undefined && place !== undefined) scan.places.set(child, { ...place, source });
      skipBlank(scan);
      if (peek(scan) === ",") advance(scan);
    }
    advance(scan);
    return undefined;
  }
  if (first === "{") {
    advance(scan);
    while (skipBlank(scan), hasMore(scan, "}")) {
      const before = scan.offset;
      scanPair(scan, path);
      skipBlank(scan);
      if (peek(scan) === "," || scan.offset === before) advance(scan);
    }
    advance(scan);
    return undefined;
  }
  const start = scan.offset;
  while (scan.offset < scan.text.length && !/[,\]}#\n\r]/.test(peek(scan))) advance(scan);
  if (scan.offset === start) advance(scan);
  return scan.text.slice(start, scan.offset).trim();
}

function scanKeys(scan: Scan): string[] {
  const keys: string[] = [];
  while (true) {
    skipSpaces(scan);
    const first = peek(scan);
    if (first === '"' || first === "'") keys.push(scanString(scan));
    else {
      const start = scan.offset;
      while (/[A-Za-z0-9_-]/.test(peek(scan))) advance(scan);
      keys.push(scan.text.slice(start, scan.offset));
    }
    skipSpaces(scan);
    if (peek(scan) !== ".") return keys;
    advance(scan);
  }
}

/** Moves behind a string of any of the four kinds; escapes stay as written. */
function scanString(scan: Scan): string {
  const mark = peek(scan);
  const fence = scan.text.startsWith(mark.repeat(3), scan.offset) ? mark.repeat(3) : mark;
  advance(scan, fence.length);
  const start = scan.offset;
  while (scan.offset < scan.text.length && !scan.text.startsWith(fence, scan.offset)) {
    advance(scan, mark === '"' && peek(scan) === "\\" ? 2 : 1);
  }
  const text = scan.text.slice(start, scan.offset);
  advance(scan, fence.length);
  // A multi-line string may end in up to two quotes of its own.
  while (fence.length === 3 && peek(scan) === mark) advance(scan);
  return text;
}

function skipSpaces(scan: Scan): void {
  while (peek(scan) === " " || peek(scan) === "\t") advance(scan);
}

function skipBlank(scan: Scan): void {
  while (scan.offset < scan.text.length) {
    if (peek(scan) === "#") {
      while (scan.offset < scan.text.length && peek(scan) !== "\n") advance(scan);
    } else if (/\s/.test(peek(scan))) advance(scan);
    else return;
  }
}

function advance(scan: Scan, count = 1): void {
  for (let step = 0; step < count && scan.offset < scan.text.length; step++) {
    if (scan.text[scan.offset] === "\n") {
      scan.line++;
      scan.lineStart = scan.offset + 1;
    }
    scan.offset++;
  }
}

function peek(scan: Scan): string {
  return scan.text[scan.offset] ?? "";
}

function hasMore(scan: Scan, close: string): boolean {
  return scan.offset < scan.text.length && peek(scan) !== close;
}

function here(scan: Scan): Position {
  return { line: scan.line, column: scan.offset - scan.lineStart + 1 };
}

/** The first mention of a path counts. */
function put(scan: Scan, path: string, place: TomlPlace): void {
  if (!scan.places.has(path)) scan.places.set(path, place);
}
