/** Package managers whose own configuration says where they fetch from. */
export const CLIENTS = ["npm", "debian", "pypi", "crates", "go"] as const;

/** One of {@link CLIENTS}. */
export type Client = typeof CLIENTS[number];

/**
 * Where the package managers of an image fetch from: `https://host[:port]` each, and
 * {@link BUILT_IN_HOSTS} where a manager has its own answer. One that is not installed is absent.
 */
export type ClientHosts = Partial<Record<Client, string[]>>;

/** Stands in a list for the hosts a manager uses when nothing is configured. */
export const BUILT_IN_HOSTS = "default";

/** Longest list believed, so that a strange image cannot fill the policy. */
const MOST_HOSTS = 64;

/** Reads what images/agent/registry-hosts printed; `undefined` for anything else. Pure. */
export function parseClientHosts(text: string): ClientHosts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const hosts: ClientHosts = {};
  for (const client of CLIENTS) {
    const list = (value as Record<string, unknown>)[client];
    if (list === undefined) continue;
    if (!Array.isArray(list) || list.length > MOST_HOSTS || !list.every(isAddress)) {
      return undefined;
    }
    hosts[client] = list;
  }
  return hosts;
}

function isAddress(value: unknown): value is string {
  return value === BUILT_IN_HOSTS ||
    typeof value === "string" && value.length < 300 && /^https?:\/\/[^/?#@\s]+$/.test(value);
}
