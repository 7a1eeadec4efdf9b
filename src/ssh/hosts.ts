import { EXIT, UserError } from "../errors.ts";
import { INSIDE } from "../names.ts";

/** A host that cages may reach by SSH. */
export type SshHost = {
  host: string;
  /** User name on that host; by default `git`, as every forge has it. */
  user: string;
  port: number;
};

/** Where the set-up is inside. */
export const SSH_INSIDE = `${INSIDE.home}/.ssh`;

/** File names of the set-up, in `<stateDir>/ssh` and inside. */
export const SSH_FILE = {
  key: "id_sandcage",
  publicKey: "id_sandcage.pub",
  knownHosts: "known_hosts",
  config: "config",
  record: "setup.json",
} as const;

/**
 * Reads `[user@]host[:port]`, with IPv6 addresses in brackets.
 *
 * @throws {UserError} Of code `usage` if it is something else.
 */
export function parseSshHost(text: string): SshHost {
  const match = /^(?:([\w.-]+)@)?(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9][\w.-]*))(?::(\d{1,5}))?$/
    .exec(text);
  const port = Number(match?.[4] ?? 22);
  const host = match?.[2] ?? match?.[3];
  if (host === undefined || port < 1 || port > 65535) {
    throw new UserError(`Cannot read the SSH host ${JSON.stringify(text)}`, {
      hint: "Give it as git.example.com, user@git.example.com or git.example.com:2222",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  return { host: host.toLowerCase(), user: match?.[1] ?? "git", port };
}

/** Formats a host as {@link parseSshHost} reads it. */
export function formatSshHost({ host, user, port }: SshHost): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `${user}@${name}${port === 22 ? "" : `:${port}`}`;
}

/** Adds hosts to others; the same host again replaces the earlier entry. Pure. */
export function mergeSshHosts(
  before: readonly SshHost[],
  added: readonly SshHost[],
): SshHost[] {
  const hosts = new Map([...before, ...added].map((host) => [host.host, host]));
  return [...hosts.values()].sort((a, b) => a.host < b.host ? -1 : 1);
}

/**
 * Formats the client's configuration inside: one entry per host, and nothing is trusted at first
 * sight. Pure.
 *
 * @see {@link https://man.openbsd.org/ssh_config}
 */
export function formatSshConfig(
  hosts: readonly SshHost[],
  options: { identity: "file" | "agent" },
): string {
  const entries = hosts.map(({ host, user, port }) =>
    [`Host ${host}`, `  User ${user}`, `  Port ${port}`].join("\n")
  );
  const identity = options.identity === "file"
    ? [`  IdentityFile ${SSH_INSIDE}/${SSH_FILE.key}`, "  IdentitiesOnly yes"]
    : [];
  const rest = [
    "Host *",
    ...identity,
    `  UserKnownHostsFile ${SSH_INSIDE}/${SSH_FILE.knownHosts}`,
    "  StrictHostKeyChecking yes",
    "  ForwardAgent no",
  ].join("\n");
  return ["# Written by sandcage setup ssh; the next one replaces it.", ...entries, rest, ""]
    .join("\n\n");
}
