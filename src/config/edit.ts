import { isScalar, isSeq, parseDocument, YAMLSeq } from "yaml";
import { fileProblem } from "./problem.ts";
import { parseYaml } from "./parse_yaml.ts";

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
  // The reader of the config speaks first: its errors are exact.
  const tree = parseYaml(text, FILE);
  if (tree.kind !== "map") throw fileProblem(FILE, "expected a map of keys", { at: tree.at });
  const document = parseDocument(text, { keepSourceTokens: true });
  const node = document.get("packages", true);
  const isMissing = node === undefined || node === null || (isScalar(node) && node.value === null);
  if (!isMissing && !isSeq(node)) {
    const at = tree.entries.find((entry) => entry.key === "packages")?.value.at;
    throw fileProblem(FILE, "packages: expected a list", { ...(at === undefined ? {} : { at }) });
  }
  const list = isSeq(node) ? node : new YAMLSeq();
  const known = new Set(list.items.map((item) => (isScalar(item) ? String(item.value) : "")));
  const added = [...new Set(packages)].filter((name) => !known.has(name));
  if (added.length === 0) return text;
  for (const name of added) list.add(document.createNode(name));
  if (isMissing) document.set("packages", list);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
