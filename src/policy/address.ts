/** An IP address; `value` has 32 or 128 bits. */
export type Address = { family: 4 | 6; value: bigint };

/** A range of addresses; host bits are zero. */
export type Cidr = { address: Address; prefix: number };

/** What an address is for. Only `public` may be dialed without a rule that names the address. */
export const ADDRESS_CLASSES = [
  "public",
  "unspecified",
  "loopback",
  "private",
  "link-local",
  "cgnat",
  "metadata",
  "multicast",
  "broadcast",
  "benchmarking",
  "nat64",
  "v4-mapped",
  "6to4",
  "teredo",
  "unique-local",
  "reserved",
] as const;

/** One of {@link ADDRESS_CLASSES}. */
export type AddressClass = typeof ADDRESS_CLASSES[number];

/** Reads an IPv4 address in four decimal parts or an IPv6 address without brackets and zone. */
export function parseAddress(_text: string): Address | undefined {
  return undefined;
}

/** Reads `address/prefix`; host bits are cleared. */
export function parseCidr(_text: string): Cidr | undefined {
  return undefined;
}

/** Canonical text of an address, RFC 5952 for IPv6. */
export function formatAddress(_address: Address): string {
  return "";
}

/** What the address is for. */
export function classifyAddress(_address: Address): AddressClass {
  return "reserved";
}
