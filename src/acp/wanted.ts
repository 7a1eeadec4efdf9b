/**
 * Which members of a message are looked at, as a tree of names; `*` stands for the items of an
 * array, and an empty tree for a value that is reported.
 */
export type WantedNames = { readonly [name: string]: WantedNames };

/** The same tree, ready for a scanner. */
export type Wanted = {
  /** Where it is, with dots: `params.mcpServers.*.command`. */
  path: string;
  /** The value itself is reported. */
  leaf: boolean;
  /** By name, folded as {@link foldName} does. */
  members: ReadonlyMap<string, Wanted>;
  items?: Wanted;
};

/** Makes the tree a scanner walks. */
export function planWanted(names: WantedNames, path = ""): Wanted {
  const children = Object.entries(names).map(([name, below]) => ({
    name,
    node: planWanted(below, path === "" ? name : `${path}.${name}`),
  }));
  const items = children.find(({ name }) => name === "*")?.node;
  return {
    path,
    leaf: children.length === 0,
    members: new Map(
      children.filter(({ name }) => name !== "*").map(({ name, node }) => [foldName(name), node]),
    ),
    ...(items === undefined ? {} : { items }),
  };
}

/**
 * Some parsers do not tell `Method` from `method`: neither does the relay.
 *
 * @see {@link https://pkg.go.dev/encoding/json#Unmarshal}
 */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll("ſ", "s");
}
