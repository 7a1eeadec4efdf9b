import { createHash, createHmac } from "node:crypto";
import { Buffer } from "node:buffer";
import type { SshHost } from "./hosts.ts";

/** One host key, as a line of known_hosts says it. */
export type HostKey = {
  host: SshHost;
  /** `ssh-ed25519` and the like. */
  type: string;
  /** Base64. */
  key: string;
  /** `@cert-authority` or `@revoked`. */
  marker?: string;
};

/**
 * Finds the keys of some hosts in the text of a known_hosts file, hashed entries included. Pure.
 *
 * @see {@link https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT}
 */
export function findHostKeys(text: string, hosts: readonly SshHost[]): HostKey[] {
  const found: HostKey[] = [];
  for (const line of text.split(/\r?\n/)) {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith("@") === true ? fields.shift() : undefined;
    const [names, type, key] = fields;
    if (names === undefined || names.startsWith("#") || type === undefined) continue;
    if (key === undefined || !/^[A-Za-z0-9+/]+=*$/.test(key)) continue;
    for (const host of hosts) {
      if (!isNamed(names, nameOf(host))) continue;
      found.push({ host, type, key, ...(marker === undefined ? {} : { marker }) });
    }
  }
  return found;
}

/** Formats keys as known_hosts; each line names its own host and no other of the user's. Pure. */
export function formatHostKeys(keys: readonly HostKey[]): string {
  const lines = keys.map(({ host, type, key, marker }) =>
    `${marker === undefined ? "" : `${marker} `}${nameOf(host)} ${type} ${key}\n`
  );
  return [...new Set(lines)].sort().join("");
}

/** The fingerprint of a key as ssh shows it: `SHA256:…`. Pure. */
export function formatFingerprint(key: string): string {
  const digest = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

/** How known_hosts names a host: with its port only when it is not 22. */
function nameOf({ host, port }: SshHost): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function isNamed(names: string, name: string): boolean {
  if (names.startsWith("|1|")) return isHashOf(names, name);
  let named = false;
  for (const pattern of names.toLowerCase().split(",")) {
    const negated = pattern.startsWith("!");
    if (!toPattern(negated ? pattern.slice(1) : pattern).test(name)) continue;
    if (negated) return false;
    named = true;
  }
  return named;
}

function isHashOf(hashed: string, name: string): boolean {
  const [, , salt = "", hash = ""] = hashed.split("|");
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

function toPattern(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}
