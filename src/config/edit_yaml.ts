import { parse, parseDocument } from "yaml";
import { parseYaml } from "./parse_yaml.ts";
import { fileProblem } from "./problem.ts";
import { type ListSource, planAdd, planRemove, splice } from "./yaml_splice.ts";

/** A list of a file, by the keys that lead to it. */
export type ListPlace = { file: string; path: readonly string[] };

/**
 * Adds texts at the end of a list, making the list when there is none. Every line but the one that
 * holds the list, or is added, stays as it is.
 *
 * @throws {UserError} If the text is no valid YAML, or the list stands where it cannot be edited.
 */
export function addYamlItems(text: string, items: readonly string[], options: ListPlace): string {
  if (items.length === 0) return text;
  const splices = planAdd(openSource(text, options), items);
  if (splices === undefined) throw notEditable(options);
  return checked({ before: text, after: splice(text, splices), place: options }, (list) => [
    ...list,
    ...items,
  ]);
}

/**
 * Takes one item out of a list. Every other line stays as it is.
 *
 * @throws {UserError} If the text is no valid YAML, or the list stands where it cannot be edited.
 */
export function removeYamlItem(text: string, index: number, options: ListPlace): string {
  const cut = planRemove(openSource(text, options), index);
  if (cut === undefined) throw notEditable(options);
  return checked(
    { before: text, after: splice(text, [cut]), place: options },
    (list) => list.filter((_, at) => at !== index),
  );
}

function openSource(text: string, place: ListPlace): ListSource {
  // The reader of the config speaks first: its errors are exact.
  const tree = parseYaml(text, place.file);
  if (tree.kind !== "map") {
    throw fileProblem(place.file, "expected a map of keys", { at: tree.at });
  }
  return { text, path: place.path, document: parseDocument(text, { keepSourceTokens: true }) };
}

/** The edited text, once it is proven to say what it should and nothing else. */
function checked(
  edit: { before: string; after: string; place: ListPlace },
  change: (list: unknown[]) => unknown[],
): string {
  const expected = parseValue(edit.before);
  const keys = [...edit.place.path];
  const last = keys.pop()!;
  let at = expected as Record<string, unknown>;
  for (const key of keys) {
    if (typeof at[key] !== "object" || at[key] === null) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
  // Behind a tag nothing is an empty text.
  const list = at[last] === "" ? [] : at[last] ?? [];
  // What stands in a list's place is not ours to throw away.
  if (!Array.isArray(list)) throw notEditable(edit.place);
  at[last] = change(list);
  try {
    if (normal(parseValue(edit.after)) === normal(expected)) return edit.after;
  } catch {
    // An edit that breaks the file is none.
  }
  throw notEditable(edit.place);
}

function parseValue(text: string): unknown {
  return parse(text, { logLevel: "error" }) ?? {};
}

/** Values as text; a list whose last line went says nothing, as one that was never there. */
function normal(value: unknown): string {
  return JSON.stringify(value, (_, child) => {
    if (child === null || (Array.isArray(child) && child.length === 0)) return undefined;
    if (typeof child !== "object" || Array.isArray(child)) return child;
    return Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function notEditable(place: ListPlace) {
  return fileProblem(place.file, `${place.path.join(".")} cannot be edited by a command`, {
    hint: "It is written in an unusual way, such as through an anchor: edit it by hand",
  });
}
