/** A parsed file before validation: values with the place they came from. */

/** A place in a file, both counted from 1. */
export type Position = { line: number; column: number };

/** One value of a parsed file, whatever language the file is in. */
export type Tree =
  & {
    at: Position;
    /** Tagged `!reset`: what the layers below said about this key is forgotten. */
    reset: boolean;
  }
  & (
    | { kind: "scalar"; value: string | number | boolean | null; source: string }
    | { kind: "list"; items: Tree[] }
    | { kind: "map"; entries: TreeEntry[] }
  );

/** One key and its value. */
export type TreeEntry = { key: string; keyAt: Position; value: Tree };

const NOWHERE: Position = { line: 0, column: 0 };

/** The tree of a value that came from no file, such as the flags. */
export function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map(treeOf), at: NOWHERE, reset: false };
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, child]) => child !== undefined);
    return {
      kind: "map",
      entries: entries.map(([key, child]) => ({ key, keyAt: NOWHERE, value: treeOf(child) })),
      at: NOWHERE,
      reset: false,
    };
  }
  const plain = typeof value === "string" || typeof value === "number" ||
      typeof value === "boolean"
    ? value
    : null;
  return { kind: "scalar", value: plain, source: String(value), at: NOWHERE, reset: false };
}
