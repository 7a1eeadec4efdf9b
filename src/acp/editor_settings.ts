import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { EXIT, UserError } from "../errors.ts";
import { type EditorAgent, type EditorPlace, formatValue, planEntry } from "./editors.ts";

/**
 * Puts agents into an editor's settings: JSON with comments, in which everything else stays as it
 * is, byte for byte. What is there already is not touched, so doing it twice changes nothing; of an
 * entry with the same name only the command line is replaced. Pure.
 *
 * @param text The settings as they are; empty for a file that is not there.
 * @throws {UserError} Code `config-invalid`, for settings that cannot be read.
 */
export function planSettings(
  text: string,
  options: { place: EditorPlace; agents: readonly EditorAgent[] },
): string {
  const { place, agents } = options;
  const mark = text.startsWith("\ufeff") ? "\ufeff" : "";
  let settings = text.slice(mark.length);
  if (settings.trim() === "") settings = "{}\n";
  const format = formatOf(settings);
  for (const agent of agents) {
    for (const { path, value } of planChanges(settings, { place, agent })) {
      settings = applyEdits(settings, planEdit(settings, { path, value, format }));
    }
  }
  return mark + settings;
}

type Change = { path: string[]; value: unknown };

function planChanges(
  settings: string,
  { place, agent }: { place: EditorPlace; agent: EditorAgent },
): Change[] {
  const root = parseSettings(settings, place);
  const map = findNodeAtLocation(root, [place.key]);
  if (map !== undefined) requireObject(map, { settings, place, what: JSON.stringify(place.key) });
  const path = [place.key, agent.title];
  const wanted = planEntry(place, agent);
  const entry = findNodeAtLocation(root, path);
  if (entry === undefined) return [{ path, value: wanted }];
  requireObject(entry, { settings, place, what: JSON.stringify(agent.title) });
  return Object.entries(wanted).flatMap(([key, value]) => {
    const node = findNodeAtLocation(entry, [key]);
    const isSame = node !== undefined &&
      JSON.stringify(valueOf(node)) === JSON.stringify(value);
    return isSame ? [] : [{ path: [...path, key], value }];
  });
}

function parseSettings(settings: string, place: EditorPlace): Node {
  const errors: ParseError[] = [];
  const root = parseTree(settings, errors, { allowTrailingComma: true });
  const error = errors[0];
  if (root === undefined || error !== undefined) {
    throw invalid(place, {
      line: lineOf(settings, error?.offset ?? 0),
      problem: error === undefined ? "nothing is in it" : printParseErrorCode(error.error),
    });
  }
  requireObject(root, { settings, place, what: "the whole" });
  return root;
}

function requireObject(
  node: Node,
  { settings, place, what }: { settings: string; place: EditorPlace; what: string },
): void {
  if (node.type === "object") return;
  throw invalid(place, {
    line: lineOf(settings, node.offset),
    problem: `${what} is no object; its type is ${node.type}`,
  });
}

function valueOf(node: Node): unknown {
  if (node.type === "array") return node.children?.map(valueOf);
  // An object is never what we would write there: it compares as different.
  return node.type === "object" ? {} : node.value;
}

type Format = { indent: string; eol: string };

function formatOf(text: string): Format {
  return {
    indent: /^([ \t]+)\S/m.exec(text)?.[1] ?? "  ",
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}

type Edit = { offset: number; length: number; content: string };

function planEdit(settings: string, { path, value, format }: Change & { format: Format }): Edit[] {
  const root = parseTree(settings, [], { allowTrailingComma: true })!;
  const node = findNodeAtLocation(root, path);
  if (node !== undefined) {
    return [{ offset: node.offset, length: node.length, content: formatValue(value) }];
  }
  // The deepest object that is there takes what is missing, with everything in it.
  let depth = path.length - 1;
  while (findNodeAtLocation(root, path.slice(0, depth)) === undefined) depth--;
  const wrapped = path.slice(depth + 1).reduceRight<unknown>(
    (inner, key) => ({ [key]: inner }),
    value,
  );
  return planInsert(settings, {
    parent: findNodeAtLocation(root, path.slice(0, depth))!,
    name: JSON.stringify(path[depth]),
    value: wrapped,
    format,
  });
}

/**
 * Inserts a property as the last one. On a line of its own, behind the comment of the line before;
 * an object on one line stays on one line.
 */
function planInsert(
  settings: string,
  options: { parent: Node; name: string; value: unknown; format: Format },
): Edit[] {
  const { parent, name, value, format } = options;
  const last = parent.children?.at(-1);
  const pretty = (margin: string) =>
    `${format.eol}${margin}${name}: ${
      formatValue(value, { indent: format.indent, margin }).replaceAll("\n", format.eol)
    }`;
  if (last === undefined) return [fillEmpty(settings, { parent, pretty, format })];
  const end = last.offset + last.length;
  const margin = marginOf(settings, last.offset);
  if (margin === undefined) {
    return [{ offset: end, length: 0, content: `, ${name}: ${formatValue(value)}` }];
  }
  const [all, comma, comment] = TAIL.exec(settings.slice(end))!;
  if (comma === undefined && comment === undefined) {
    return [{ offset: end, length: 0, content: `,${pretty(margin)}` }];
  }
  return [
    ...(comma === undefined ? [{ offset: end, length: 0, content: "," }] : []),
    {
      offset: end + all.length,
      length: 0,
      content: pretty(margin) + (comma === undefined ? "" : ","),
    },
  ];
}

/** What may stand behind the last property on its line: a comma, and a comment that ends with it. */
const TAIL = /^([ \t]*,)?([ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*(?=\r?\n)))?/;

function fillEmpty(
  settings: string,
  { parent, pretty, format }: { parent: Node; pretty(margin: string): string; format: Format },
): Edit {
  const line = settings.slice(settings.lastIndexOf("\n", parent.offset) + 1, parent.offset);
  const margin = /^[ \t]*/.exec(line)![0];
  const inside = settings.slice(parent.offset + 1, parent.offset + parent.length - 1);
  const content = pretty(margin + format.indent);
  // Comments in it stay behind what is new.
  return inside.trim() === ""
    ? { offset: parent.offset + 1, length: inside.length, content: content + format.eol + margin }
    : { offset: parent.offset + 1, length: 0, content: content + format.eol + margin };
}

/** The blanks before something that begins its line; `undefined` where other text is before it. */
function marginOf(settings: string, offset: number): string | undefined {
  const before = settings.slice(settings.lastIndexOf("\n", offset - 1) + 1, offset);
  return before.trim() === "" ? before : undefined;
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.toReversed().reduce(
    (result, { offset, length, content }) =>
      result.slice(0, offset) + content + result.slice(offset + length),
    text,
  );
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function invalid(
  place: EditorPlace,
  { line, problem }: { line: number; problem: string },
): UserError {
  return new UserError(`Cannot edit ${place.path}, line ${line}: ${problem}`, {
    hint: "Correct the file, or paste the block yourself: run the same without --write",
    exit: EXIT.config,
    code: "config-invalid",
  });
}
