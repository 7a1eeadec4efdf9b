import { EXIT, UserError } from "../errors.ts";

/** Addresses of one session's network, IPv4, without prefix unless said. */
export type SessionSubnet = {
  /** With prefix: `10.231.5.16/28`. */
  subnet: string;
  /** What the engine assigns by itself, with prefix: apart from the fixed addresses. */
  range: string;
  /** The first and the last address of it that a host can have. */
  first: string;
  last: string;
  /** The bridge's own address: taken in the plan, given to nobody on the host. */
  bridge: string;
  gateway: string;
  agent: string;
};

/** Addresses of one session's network: 14 usable ones, of which the engine may give away seven. */
const SUBNET_SIZE = 16;

/** Number of session networks a pool holds. */
export function countSubnets(pool: string): number {
  return parsePool(pool).size / SUBNET_SIZE;
}

/** The session network number `index` of a pool. Pure. */
export function planSubnet(pool: string, index: number): SessionSubnet {
  const { base, size } = parsePool(pool);
  const first = base + (index % (size / SUBNET_SIZE)) * SUBNET_SIZE;
  return {
    subnet: `${formatAddress(first)}/28`,
    // A fixed address inside the range collides with a container that was started before (measured).
    range: `${formatAddress(first + 8)}/29`,
    first: formatAddress(first + 8),
    last: formatAddress(first + 14),
    bridge: formatAddress(first + 1),
    gateway: formatAddress(first + 2),
    agent: formatAddress(first + 3),
  };
}

/** Whether two IPv4 networks share an address; both as `address/prefix`. */
export function isOverlap(one: string, other: string): boolean {
  const [a, b] = [parseCidr(one), parseCidr(other)];
  if (a === undefined || b === undefined) return false;
  return a.base < b.base + b.size && b.base < a.base + a.size;
}

function parsePool(pool: string): { base: number; size: number } {
  const parsed = parseCidr(pool);
  if (parsed !== undefined && parsed.size >= SUBNET_SIZE && parsed.size <= 2 ** 24) return parsed;
  throw new UserError(`Cannot read network.pool: got ${JSON.stringify(pool)}`, {
    hint: "Give an IPv4 network between /8 and /28 that nothing else uses, such as 10.231.0.0/16",
    exit: EXIT.config,
    code: "config-invalid",
  });
}

function parseCidr(text: string): { base: number; size: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255 || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { base: Math.floor(address / size) * size, size };
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value / 2 ** shift) & 255).join(".");
}
