import { type Address, type Cidr, takePrefix } from "./address.ts";
import type { HostPattern } from "./host.ts";

/** Values by host pattern; found by walking the labels of a name, however many there are. */
export type HostTable<T> = { exact: Map<string, T>; suffix: Map<string, T>; any: T | undefined };

/**
 * Values by range: by prefix length, then by the prefix itself. Not by the masked address, because
 * engines hash only the low 64 bits of a bigint, and there these are all zero.
 */
export type NetworkTable<T> = Record<4 | 6, Map<number, Map<bigint, T>>>;

/** A table of hosts without entries. */
export function makeHostTable<T>(): HostTable<T> {
  return { exact: new Map(), suffix: new Map(), any: undefined };
}

/** A table of ranges without entries. */
export function makeNetworkTable<T>(): NetworkTable<T> {
  return { 4: new Map(), 6: new Map() };
}

/** The value of exactly this pattern; made when it is the first. */
export function openHostEntry<T>(
  table: HostTable<T>,
  options: { pattern: HostPattern; make: () => T },
): T {
  const { pattern, make } = options;
  if (pattern.kind === "any") return table.any ??= make();
  return pattern.kind === "exact"
    ? openEntry(table.exact, { key: pattern.host, make })
    : openEntry(table.suffix, { key: pattern.suffix, make });
}

/** The value of exactly this range; made when it is the first. */
export function openNetworkEntry<T>(
  table: NetworkTable<T>,
  options: { cidr: Cidr; make: () => T },
): T {
  const { cidr, make } = options;
  const ranges = openEntry(table[cidr.address.family], { key: cidr.prefix, make: makeRanges<T> });
  return openEntry(ranges, { key: takePrefix(cidr.address, cidr.prefix), make });
}

/** Values whose pattern matches a name in normal form, the most specific first. */
export function listHostEntries<T>(table: HostTable<T>, name: string): T[] {
  const found: T[] = [];
  const exact = table.exact.get(name);
  if (exact !== undefined) found.push(exact);
  if (table.suffix.size > 0) {
    for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
      const below = table.suffix.get(name.slice(dot));
      if (below !== undefined) found.push(below);
    }
  }
  if (table.any !== undefined) found.push(table.any);
  return found;
}

/** Values whose range holds the address, the smallest range first. */
export function listNetworkEntries<T>(table: NetworkTable<T>, address: Address): T[] {
  const found: { prefix: number; entry: T }[] = [];
  for (const [prefix, ranges] of table[address.family]) {
    const entry = ranges.get(takePrefix(address, prefix));
    if (entry !== undefined) found.push({ prefix, entry });
  }
  return found.sort((a, b) => b.prefix - a.prefix).map(({ entry }) => entry);
}

function openEntry<K, T>(map: Map<K, T>, options: { key: K; make: () => T }): T {
  const known = map.get(options.key);
  if (known !== undefined) return known;
  const made = options.make();
  map.set(options.key, made);
  return made;
}

function makeRanges<T>(): Map<bigint, T> {
  return new Map();
}
