import { parse, patch } from "@decimalturn/toml-patch";
import type { ListPlace } from "./edit_yaml.ts";
import { parseToml } from "./parse_toml.ts";
import { fileProblem } from "./problem.ts";

/**
 * Adds texts at the end of a list of a TOML file, making the list when there is none. Comments and
 * the order of keys stay.
 *
 * @throws {UserError} If the text is no valid TOML, or the list stands where it cannot be edited.
 */
export function addTomlItems(text: string, items: readonly string[], options: ListPlace): string {
  return change(text, options, (list) => [...list, ...items]);
}

/**
 * Takes one item out of a list of a TOML file.
 *
 * @throws {UserError} If the text is no valid TOML, or the list stands where it cannot be edited.
 */
export function removeTomlItem(text: string, index: number, options: ListPlace): string {
  return change(text, options, (list) => list.filter((_, at) => at !== index));
}

function change(
  text: string,
  place: ListPlace,
  edit: (list: unknown[]) => unknown[],
): string {
  // The reader of the config speaks first: its errors are exact.
  parseToml(text, place.file);
  try {
    const value = parse(text) as Record<string, unknown>;
    const keys = [...place.path];
    const last = keys.pop()!;
    let at = value;
    for (const key of keys) at = tableOf(at[key] ??= {});
    at[last] = edit(listOf(at[last] ??= []));
    const patched = patch(text, value);
    const after = patched.endsWith("\n") ? patched : `${patched}\n`;
    if (JSON.stringify(sorted(parse(after))) === JSON.stringify(sorted(value))) return after;
  } catch (cause) {
    throw notEditable(place, cause);
  }
  throw notEditable(place);
}

function tableOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new TypeError("It is no table");
}

/** What stands in a list's place is not ours to throw away. */
function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError("It is no list");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, child]) => [
    key,
    sorted(child),
  ]);
}

function notEditable(place: ListPlace, cause?: unknown) {
  return fileProblem(place.file, `${place.path.join(".")} cannot be edited by a command`, {
    hint: "It is written in an unusual way: edit it by hand",
    ...(cause === undefined ? {} : { cause }),
  });
}
