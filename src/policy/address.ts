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

/**
 * The first range that holds an address decides, so what lies inside another comes before it. The
 * documentation ranges (RFC 5737) are missing on purpose: nothing is ever there, and tests use them.
 */
const SPECIAL: readonly (readonly [range: string, AddressClass])[] = [
  ["169.254.169.254/32", "metadata"], // AWS, Azure, Google, and most others
  ["169.254.170.2/32", "metadata"], // AWS ECS task credentials
  ["169.254.170.23/32", "metadata"], // AWS EKS pod identity
  ["100.100.100.200/32", "metadata"], // Alibaba Cloud
  ["168.63.129.16/32", "metadata"], // Azure's host agent, on a public address
  ["192.0.0.192/32", "metadata"], // Oracle Cloud
  ["0.0.0.0/8", "unspecified"], // RFC 791, RFC 1122 3.2.1.3: this network
  ["10.0.0.0/8", "private"], // RFC 1918
  ["100.64.0.0/10", "cgnat"], // RFC 6598
  ["127.0.0.0/8", "loopback"], // RFC 1122 3.2.1.3
  ["169.254.0.0/16", "link-local"], // RFC 3927
  ["172.16.0.0/12", "private"], // RFC 1918
  ["192.0.0.0/24", "reserved"], // RFC 6890: IETF protocol assignments
  ["192.88.99.0/24", "6to4"], // RFC 3068, RFC 7526: relay anycast
  ["192.168.0.0/16", "private"], // RFC 1918
  ["198.18.0.0/15", "benchmarking"], // RFC 2544
  ["224.0.0.0/4", "multicast"], // RFC 5771
  ["255.255.255.255/32", "broadcast"], // RFC 919
  ["240.0.0.0/4", "reserved"], // RFC 1112 4
  ["0.0.0.0/0", "public"],

  ["fd00:ec2::254/128", "metadata"], // AWS
  ["fd00:ec2::23/128", "metadata"], // AWS EKS pod identity
  ["fd20:ce::254/128", "metadata"], // Google
  ["::/128", "unspecified"], // RFC 4291 2.5.2
  ["::1/128", "loopback"], // RFC 4291 2.5.3
  ["::ffff:0:0/96", "v4-mapped"], // RFC 4291 2.5.5.2
  ["::/96", "v4-mapped"], // RFC 4291 2.5.5.1: the older, v4-compatible form
  ["64:ff9b::/96", "nat64"], // RFC 6052
  ["64:ff9b:1::/48", "nat64"], // RFC 8215
  ["fc00::/7", "unique-local"], // RFC 4193
  ["fe80::/10", "link-local"], // RFC 4291 2.5.6
  ["ff00::/8", "multicast"], // RFC 4291 2.7
  ["2001::/32", "teredo"], // RFC 4380
  ["2001:2::/48", "benchmarking"], // RFC 5180
  ["2001::/23", "reserved"], // RFC 2928: IETF protocol assignments, ORCHID among them
  ["2001:db8::/32", "reserved"], // RFC 3849: documentation
  ["3fff::/20", "reserved"], // RFC 9637: documentation
  ["2002::/16", "6to4"], // RFC 3056
  ["2000::/3", "public"], // RFC 4291 2.4: the only global unicast space handed out
  ["::/0", "reserved"],
];

type Range = { first: bigint; last: bigint; kind: AddressClass };

const RANGES: Record<4 | 6, Range[]> = { 4: [], 6: [] };

for (const [text, kind] of SPECIAL) {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`The range ${text} of the table cannot be read`);
  const { family, value } = cidr.address;
  const size = 1n << BigInt(widthOf(cidr.address) - cidr.prefix);
  RANGES[family].push({ first: value, last: value + size - 1n, kind });
}

/** Reads an IPv4 address in four decimal parts or an IPv6 address without brackets and zone. */
export function parseAddress(text: string): Address | undefined {
  const family = text.includes(":") ? 6 : 4;
  const value = family === 6 ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { family, value };
}

/** Reads `address/prefix`; host bits are cleared. */
export function parseCidr(text: string): Cidr | undefined {
  const parts = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = parseAddress(parts?.[1] ?? "");
  const prefix = Number(parts?.[2]);
  if (address === undefined || prefix > widthOf(address)) return undefined;
  const rest = BigInt(widthOf(address) - prefix);
  const value = takePrefix(address, prefix) << rest;
  return { address: { family: address.family, value }, prefix };
}

/** Canonical text of an address: four decimal parts, or RFC 5952. */
export function formatAddress(address: Address): string {
  if (address.family === 4) return formatIpv4(address.value);
  if (address.value >> 32n === 0xffffn) return `::ffff:${formatIpv4(address.value & 0xffffffffn)}`;
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) {
    groups.push(((address.value >> shift) & 0xffffn).toString(16));
  }
  const text = groups.join(":");
  // The longest run of zeros is left out, the first of equal ones, and never a single group.
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)];
  const [run] = runs.sort((a, b) => b[0].length - a[0].length);
  if (run === undefined) return text;
  const before = text.slice(0, run.index).replace(/:$/, "");
  return `${before}::${text.slice(run.index + run[0].length).replace(/^:/, "")}`;
}

/** Canonical text of a range. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.address)}/${cidr.prefix}`;
}

/** The first bits of an address, as many as the prefix says. */
export function takePrefix(address: Address, prefix: number): bigint {
  return address.value >> BigInt(widthOf(address) - prefix);
}

/** What the address is for, whatever IPv4 address it may carry inside. */
export function classifyAddress(address: Address): AddressClass {
  const { family, value } = address;
  const range = RANGES[family].find(({ first, last }) => first <= value && value <= last);
  return range?.kind ?? "public";
}

/** IPv4 addresses that an IPv6 address carries and that its packets may end up at. */
export function listEmbedded(address: Address): Address[] {
  const low = address.value & 0xffffffffn;
  if (address.family === 4) return [];
  const kind = classifyAddress(address);
  if (kind === "v4-mapped" || kind === "nat64") return [{ family: 4, value: low }];
  if (kind === "6to4") return [{ family: 4, value: (address.value >> 80n) & 0xffffffffn }];
  if (kind !== "teredo") return [];
  // RFC 4380 4: the server, and the client with all bits inverted.
  return [
    { family: 4, value: (address.value >> 64n) & 0xffffffffn },
    { family: 4, value: low ^ 0xffffffffn },
  ];
}

function widthOf(address: Address): number {
  return address.family === 4 ? 32 : 128;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1) ?? [];
  // A leading zero means octal to some readers and decimal to others.
  const isPlain = (part: string) => Number(part) <= 255 && String(Number(part)) === part;
  if (parts.length !== 4 || !parts.every(isPlain)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  if (text.length > 45) return undefined;
  const halves = spellTailInHex(text).split("::");
  const [left, right] = halves.map((half) => half === "" ? [] : half.split(":"));
  if (left === undefined || halves.length > 2) return undefined;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array<string>(missing).fill("0"), ...(right ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return BigInt(`0x${groups.map((group) => group.padStart(4, "0")).join("")}`);
}

/** RFC 4291 2.2.3: the last 32 bits may be written as an IPv4 address. */
function spellTailInHex(text: string): string {
  const at = text.lastIndexOf(":") + 1;
  const tail = text.includes(".") ? parseIpv4(text.slice(at)) : undefined;
  if (tail === undefined) return text;
  return `${text.slice(0, at)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
}
