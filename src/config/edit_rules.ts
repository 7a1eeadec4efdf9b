import { parseYaml } from "./parse_yaml.ts";
import { addYamlItems, removeYamlItem } from "./edit_yaml.ts";
import type { Tree } from "./tree.ts";

/** The lists of rules a command can edit. */
export type RuleList = "allow" | "block";

/** A config file as text. */
export type RuleFile = { file: string; text: string };

/**
 * Adds rules to `network.allow` or `network.block` of a config file, keeping its comments. What is
 * there already is not added again.
 *
 * @returns The new text, the same when nothing is to be added.
 * @throws {UserError} If the file is not valid, or the list cannot be edited by a command.
 */
export async function addRules(
  { file, text }: RuleFile,
  edit: { list: RuleList; rules: readonly string[] },
): Promise<string> {
  const known = new Set(listDestinations(await parseFile(file, text), edit.list).map(plain));
  const added = [...new Set(edit.rules)].filter((rule) => !known.has(rule));
  if (added.length === 0) return text;
  const place = { file, path: ["network", edit.list] };
  if (!isToml(file)) return addYamlItems(text, added, place);
  const { addTomlItems } = await import("./edit_toml.ts");
  return addTomlItems(text, added, place);
}

/**
 * Takes rules out of a list of a config file, keeping its comments: the rule as written, and every
 * map whose `dest` it is.
 *
 * @returns The new text and the rules that were there.
 * @throws {UserError} If the file is not valid, or the list cannot be edited by a command.
 */
export async function removeRules(
  { file, text }: RuleFile,
  edit: { list: RuleList; rules: readonly string[] },
): Promise<{ text: string; removed: string[] }> {
  const wanted = new Set(edit.rules.map(normalize));
  const found = listDestinations(await parseFile(file, text), edit.list);
  const removed = found.filter(({ dest }) => wanted.has(normalize(dest)));
  const place = { file, path: ["network", edit.list] };
  const remove = isToml(file) ? (await import("./edit_toml.ts")).removeTomlItem : removeYamlItem;
  // From the back: the indexes before stay right.
  const after = removed.toReversed().reduce(
    (out, { index }) => remove(out, index, place),
    text,
  );
  return { text: after, removed: edit.rules.filter((rule) => isAmong(rule, removed)) };
}

type Listed = { index: number; dest: string; isText: boolean };

function listDestinations(tree: Tree, list: RuleList): Listed[] {
  const items = childOf(childOf(tree, "network"), list);
  if (items?.kind !== "list") return [];
  return items.items.map((item, index) => ({
    index,
    dest: textOf(item.kind === "map" ? childOf(item, "dest") : item),
    isText: item.kind !== "map",
  }));
}

function plain({ dest, isText }: Listed): string {
  // A map says less than the bare rule.
  return isText ? dest : "";
}

function isAmong(rule: string, removed: readonly Listed[]): boolean {
  return removed.some(({ dest }) => normalize(dest) === normalize(rule));
}

function normalize(rule: string): string {
  return rule.toLowerCase().replace(/\.$/, "");
}

function childOf(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === "map" ? tree.entries.find((entry) => entry.key === key)?.value : undefined;
}

function textOf(tree: Tree | undefined): string {
  return tree?.kind === "scalar" ? String(tree.value) : "";
}

function isToml(file: string): boolean {
  return file.endsWith(".toml");
}

async function parseFile(file: string, text: string): Promise<Tree> {
  if (!isToml(file)) return parseYaml(text, file);
  return (await import("./parse_toml.ts")).parseToml(text, file);
}
