/**
 * A small schema kit: schemas are plain data, so that loading them costs nothing at start-up (zod 4
 * took 23 ms of every run for the same schema, zod/mini 10 ms; this takes under 1 ms), and so that
 * validation, types, JSON Schema and the docs read the same tree.
 */

/** What every node may carry. */
export type Common = {
  /** What the key is for; shown in editors and in docs/configuration.md. */
  text?: string;
};

/** One node of a schema. */
export type Node =
  & Common
  & (
    | { kind: "string"; expected: string; pattern?: RegExp }
    /** Text, number or boolean, kept as the text the user wrote (`3.10` stays `3.10`). */
    | { kind: "scalar"; expected: string; pattern?: RegExp }
    | { kind: "number"; integer: boolean; positive: boolean; most?: number; expected: string }
    | { kind: "boolean" }
    | { kind: "literal"; value: number }
    | { kind: "enum"; values: readonly string[] }
    | { kind: "nullable"; of: Node }
    | { kind: "list"; of: Node; min: number; merge: ListMerge }
    | { kind: "map"; key: { pattern: RegExp; expected: string }; of: Node }
    | { kind: "object"; keys: Readonly<Record<string, Node>>; required: readonly string[] }
    /** Alternatives told apart by shape: a list or not a list. */
    | { kind: "listOr"; list: Node; other: Node }
    /** Alternatives told apart by shape: a map or not a map. */
    | { kind: "mapOr"; map: Node; other: Node }
  );

/**
 * How a list of a higher layer meets the one below: `append` adds what is not there yet, `concat`
 * adds all (argument lists repeat on purpose), `replace` is one value that happens to be a list.
 */
export type ListMerge = "append" | "concat" | "replace";

/** A node that remembers the type it validates to; `type` never exists at run time. */
export type Schema<T> = Node & { readonly type?: T };

/** The type a schema validates to. */
export type Infer<S> = S extends { readonly type?: infer T } ? Exclude<T, undefined> : never;

/** The keys of a section. */
export type Keys = Record<string, Node>;

/** The same type, spelled out in editors. */
export type Flat<T> = { [K in keyof T]: T[K] };

/** Text that matches `pattern`; `expected` says so in words. */
export function string(expected: string, pattern?: RegExp): Schema<string> {
  return { kind: "string", expected, ...(pattern === undefined ? {} : { pattern }) };
}

/** Text, number or boolean, as text. */
export function scalar(expected: string, pattern?: RegExp): Schema<string> {
  return { kind: "scalar", expected, ...(pattern === undefined ? {} : { pattern }) };
}

/** A number greater than 0. */
export function positiveNumber(): Schema<number> {
  return { kind: "number", integer: false, positive: true, expected: "a number greater than 0" };
}

/** A whole number greater than 0. */
export function positiveInteger(): Schema<number> {
  return {
    kind: "number",
    integer: true,
    positive: true,
    expected: "a whole number greater than 0",
  };
}

/** A port number. */
export function portNumber(): Schema<number> {
  const expected = "a port from 1 to 65535";
  return { kind: "number", integer: true, positive: true, most: 65535, expected };
}

/** `true` or `false`. */
export function boolean(): Schema<boolean> {
  return { kind: "boolean" };
}

/** Exactly this number. */
export function literal<N extends number>(value: N): Schema<N> {
  return { kind: "literal", value };
}

/** One of `values`. */
export function oneOf<V extends string>(
  values: readonly V[],
): Schema<V> {
  return { kind: "enum", values };
}

/** The value or an explicit `null`. */
export function nullable<S extends Node>(of: S): Schema<Infer<S> | null> {
  return { kind: "nullable", of };
}

/** A list; see {@link ListMerge}. */
export function list<S extends Node>(
  of: S,
  options: { min?: number; merge?: ListMerge } = {},
): Schema<Infer<S>[]> {
  return { kind: "list", of, min: options.min ?? 0, merge: options.merge ?? "append" };
}

/** A map with free keys. */
export function map<S extends Node>(
  key: { pattern: RegExp; expected: string },
  of: S,
): Schema<Record<string, Infer<S>>> {
  return { kind: "map", key, of };
}

/** A section: known keys only, every one optional. */
export function section<K extends Keys>(keys: K): Schema<Flat<{ [P in keyof K]?: Infer<K[P]> }>> {
  return { kind: "object", keys, required: [] };
}

/** Like {@link section}, with keys that must be there. */
export function record<R extends Keys, K extends Keys>(
  required: R,
  optional: K,
): Schema<Flat<{ [P in keyof R]: Infer<R[P]> } & { [P in keyof K]?: Infer<K[P]> }>> {
  return { kind: "object", keys: { ...required, ...optional }, required: Object.keys(required) };
}

/** A list, or else something that is no list. */
export function listOr<L extends Node, O extends Node>(
  list: L,
  other: O,
): Schema<Infer<L> | Infer<O>> {
  return { kind: "listOr", list, other };
}

/** A map, or else something that is no map. */
export function mapOr<M extends Node, O extends Node>(
  map: M,
  other: O,
): Schema<Infer<M> | Infer<O>> {
  return { kind: "mapOr", map, other };
}

/** Adds the description. */
export function say<S extends Node>(text: string, node: S): S {
  return { ...node, text };
}

/** The path of a value, as messages and origins spell it: `services.claude.args[0]`. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
