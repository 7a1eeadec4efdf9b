import {
  type CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

/** Replaces `[start, end)` of a text. */
export type Splice = { start: number; end: number; insert: string };

/** A parsed file and the keys that lead to the list of interest. */
export type ListSource = { text: string; document: Document.Parsed; path: readonly string[] };

type ParsedPair = Pair<ParsedNode, ParsedNode | null>;
type ParsedMap = YAMLMap<ParsedNode, ParsedNode | null>;

/** Plans what adds items to the list; `undefined` when it stands where text cannot be put. Pure. */
export function planAdd(source: ListSource, items: readonly string[]): Splice[] | undefined {
  const { document, path } = source;
  let node: ParsedNode | null = document.contents;
  if (isNothing(node)) return [planLines(source, source.text.length, { items, indent: 0 })];
  for (const [depth, key] of path.entries()) {
    if (!isMap(node)) return undefined;
    const map = node as ParsedMap;
    const pair = findPair(map, key);
    if (pair === undefined) return [planPair(source, map, { depth, items })];
    if (isNothing(pair.value)) return planFill(source, pair, { depth, items, map });
    node = pair.value;
  }
  if (!isSeq(node)) return undefined;
  return [planItems(source, node as YAMLSeq.Parsed, items)];
}

/** Behind the last item of a list that is there. */
function planItems(source: ListSource, seq: YAMLSeq.Parsed, items: readonly string[]): Splice {
  const last = seq.items.at(-1);
  if (seq.flow === true || last === undefined) {
    const start = last === undefined ? seq.range[0] + 1 : last.range[1];
    const joined = items.map(quote).join(", ");
    return { start, end: start, insert: last === undefined ? joined : `, ${joined}` };
  }
  const dash = dashOf(seq, seq.items.length - 1);
  const indent = dash - lineStart(source.text, dash);
  return insertLines(source, lastText(source.text, last.range[1]), {
    lines: items.map((item) => `${" ".repeat(indent)}- ${quote(item)}`),
  });
}

/** A key that is not there yet, behind the last one of its map. */
function planPair(
  source: ListSource,
  map: ParsedMap,
  options: { depth: number; items: readonly string[] },
): Splice {
  const { text, path, document } = source;
  const last = map.items.at(-1);
  if (map.flow === true || last === undefined) {
    const start = last === undefined ? map.range![0] + 1 : pairEnd(last);
    const pair = `${path[options.depth]}: ${flowValue(source, options)}`;
    return { start, end: start, insert: last === undefined ? pair : `, ${pair}` };
  }
  const key = map.items[0]!.key.range[0];
  const isRoot = map === document.contents && document.directives?.docEnd !== true;
  const after = isRoot ? text.length : lastText(text, pairEnd(last));
  return planLines(source, after, { ...options, indent: key - lineStart(text, key) });
}

/** A key that is there and says nothing: `network:`, `allow: ~`, `allow: !reset`. */
function planFill(
  source: ListSource,
  pair: ParsedPair,
  options: { depth: number; items: readonly string[]; map: ParsedMap },
): Splice[] {
  const { depth, items, map } = options;
  const { text } = source;
  const start = propsEnd(pair);
  const [from, to] = pair.value?.range ?? [start, start];
  const old = { start: from, end: to, insert: "" };
  if (map.flow === true) {
    const value = flowValue(source, { depth, items });
    return [{ start, end: start, insert: ` ${value}` }, ...(to > from ? [old] : [])];
  }
  const key = pair.key.range[0];
  const indent = key - lineStart(text, key) + 2;
  const lines = planLines(source, start, { depth: depth + 1, items, indent });
  return to > from ? [old, lines] : [lines];
}

/** The value of a flow pair: the rest of the path as flow maps, then the list. */
function flowValue(
  source: ListSource,
  options: { depth: number; items: readonly string[] },
): string {
  const rest = source.path.slice(options.depth + 1);
  const list = `[${options.items.map(quote).join(", ")}]`;
  return rest.reduceRight((value, key) => `{${key}: ${value}}`, list);
}

/** The rest of the path and the list, as lines behind the line of `after`. */
function planLines(
  source: ListSource,
  after: number,
  options: { items: readonly string[]; indent: number; depth?: number },
): Splice {
  const { items, indent, depth = 0 } = options;
  const keys = source.path.slice(depth);
  const lines = keys.map((key, level) => `${" ".repeat(indent + 2 * level)}${key}:`);
  const pad = " ".repeat(indent + 2 * keys.length);
  return insertLines(source, after, {
    lines: [...lines, ...items.map((item) => `${pad}- ${quote(item)}`)],
  });
}

function insertLines(source: ListSource, after: number, options: { lines: string[] }): Splice {
  const { text } = source;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const isLineStart = after === text.length && (after === 0 || text[after - 1] === "\n");
  const newline = text.indexOf("\n", after);
  const start = isLineStart || newline < 0 ? text.length : newline + 1;
  const lead = newline < 0 && !isLineStart ? eol : "";
  return { start, end: start, insert: lead + options.lines.map((line) => line + eol).join("") };
}

/** Plans what takes an item out; `undefined` when it stands where text cannot be cut. Pure. */
export function planRemove(source: ListSource, index: number): Splice | undefined {
  const { text } = source;
  let node: ParsedNode | null | undefined = source.document.contents;
  for (const key of source.path) {
    if (!isMap(node)) return undefined;
    node = findPair(node as ParsedMap, key)?.value;
  }
  const item = isSeq(node) ? (node as YAMLSeq.Parsed).items[index] : undefined;
  if (item === undefined) return undefined;
  const seq = node as YAMLSeq.Parsed;
  if (seq.flow !== true) {
    const newline = text.indexOf("\n", lastText(text, item.range[1]));
    const end = newline < 0 ? text.length : newline + 1;
    return { start: lineStart(text, dashOf(seq, index)), end, insert: "" };
  }
  let [start, end] = [item.range[0], item.range[1]];
  const next = commaOf(seq, index + 1);
  const own = commaOf(seq, index);
  if (next !== undefined) {
    end = next + 1;
    while (text[end] === " ") end++;
  } else if (own !== undefined) start = own;
  const [line, rest] = [lineStart(text, start), text.indexOf("\n", end)];
  const isAlone = text.slice(line, start).trim() === "" && rest >= 0 &&
    text.slice(end, rest).trim() === "";
  return isAlone ? { start: line, end: rest + 1, insert: "" } : { start, end, insert: "" };
}

function findPair(map: ParsedMap, key: string): ParsedPair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function isNothing(node: ParsedNode | null | undefined): boolean {
  if (node === undefined || node === null) return true;
  // Behind a tag nothing is an empty text.
  return isScalar(node) && (node.value === null || node.range[0] === node.range[1]);
}

/** Where a pair ends: its value, or what stands behind its colon. */
function pairEnd(pair: ParsedPair): number {
  return Math.max(propsEnd(pair), pair.value?.range[1] ?? 0);
}

/** Behind the colon, the tag and the anchor of a pair. */
function propsEnd(pair: ParsedPair): number {
  const tokens = ((pair.srcToken as CST.CollectionItem | undefined)?.sep ?? []).filter(({ type }) =>
    type === "map-value-ind" || type === "tag" || type === "anchor"
  );
  const last = tokens.at(-1) as CST.SourceToken | undefined;
  return last === undefined ? pair.key.range[1] : last.offset + last.source.length;
}

function dashOf(seq: YAMLSeq.Parsed, index: number): number {
  return tokenOf(seq, { index, type: "seq-item-ind" }) ?? seq.items[index]!.range[0];
}

function commaOf(seq: YAMLSeq.Parsed, index: number): number | undefined {
  return tokenOf(seq, { index, type: "comma" });
}

function tokenOf(seq: YAMLSeq, options: { index: number; type: string }): number | undefined {
  const items = (seq.srcToken as CST.BlockSequence | CST.FlowCollection | undefined)?.items ?? [];
  const found = items[options.index]?.start.find(({ type }) => type === options.type);
  return (found as CST.SourceToken | undefined)?.offset;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** The end of the last text before an offset: a value's range may reach into the blank behind it. */
function lastText(text: string, offset: number): number {
  return text.slice(0, offset).trimEnd().length;
}

/** Words that YAML reads as something else than text, here or in an older version. */
const RESERVED = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** A name or a host as a plain word; what YAML could read as something else in quotes. */
function quote(item: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9.+-]*$/.test(item) ||
    /^[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z][A-Za-z0-9-]*$/.test(item);
  return isPlain && !RESERVED.test(item) ? item : JSON.stringify(item);
}

/** Applies splices to the text they were planned for. Pure. */
export function splice(text: string, splices: readonly Splice[]): string {
  // From the back: the offsets before stay right.
  return [...splices].sort((a, b) => b.start - a.start).reduce(
    (out, { start, end, insert }) => out.slice(0, start) + insert + out.slice(end),
    text,
  );
}
