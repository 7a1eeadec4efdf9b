import { addYamlItems } from "./edit_yaml.ts";
import { parseYaml } from "./parse_yaml.ts";
import { fileProblem } from "./problem.ts";
import type { Tree } from "./tree.ts";

/** How messages name the text when the caller gives no file. */
const FILE = ".sandcage.yml";

/**
 * Adds packages to the text of a `.sandcage.yml`. Comments, order, quotes and everything else stay
 * as they are; the list is made when it is missing, and what is in it already is not added again.
 *
 * @returns The new text; the same text when nothing is to be added.
 * @throws {UserError} If the text is no valid YAML, or `packages` is something else than a list.
 */
export function addPackages(text: string, packages: string[]): string {
  const tree = parseYaml(text, FILE);
  if (tree.kind !== "map") throw fileProblem(FILE, "expected a map of keys", { at: tree.at });
  const list = tree.entries.find((entry) => entry.key === "packages")?.value;
  if (list !== undefined && list.kind !== "list" && !isNothing(list)) {
    throw fileProblem(FILE, "packages: expected a list", { at: list.at });
  }
  const known = new Set(
    list?.kind === "list"
      ? list.items.map((item) => "value" in item ? String(item.value) : "")
      : [],
  );
  const added = [...new Set(packages)].filter((name) => !known.has(name));
  return addYamlItems(text, added, { file: FILE, path: ["packages"] });
}

function isNothing(tree: Tree): boolean {
  return tree.kind === "scalar" && tree.value === null;
}
