import { join } from "node:path";
import { type Run, run as spawnProcess } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir } from "../files.ts";
import type { Host } from "../host.ts";
import { formatSshConfig, formatSshHost, mergeSshHosts, SSH_FILE, type SshHost } from "./hosts.ts";
import { findHostKeys, formatHostKeys, type HostKey } from "./known_hosts.ts";
import { sshDir } from "./mounts.ts";

/** What proves who the cage is. */
export type Identity =
  /** A key of its own, made or kept. */
  | { kind: "own" }
  /** A copy of the key at `path`; without a path the copy that is there already. */
  | { kind: "copy"; path?: string }
  /** No key: the host's agent signs. */
  | { kind: "agent" };

/** The record of a set-up, `setup.json`. */
export type SshRecord = { schema: 1; identity: Identity["kind"]; hosts: SshHost[] };

/** Everything {@link applySshSetup} writes. */
export type SshPlan = { identity: Identity; hosts: SshHost[]; keys: HostKey[]; renew: boolean };

/** Longest that ssh-keygen and ssh-keyscan may take, in milliseconds. */
const KEYGEN_MS = 30_000;

/** Finds the set-up that exists; `undefined` when there is none. */
export async function findSshRecord(stateDir: string): Promise<SshRecord | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(join(sshDir(stateDir), SSH_FILE.record)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Reads what this machine knows about the keys of hosts: the user's file, then the system's. */
export async function readHostKeys(
  host: Pick<Host, "home">,
  hosts: readonly SshHost[],
): Promise<HostKey[]> {
  const paths = [join(host.home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"];
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(path).catch(() => "")));
  return findHostKeys(texts.join("\n"), hosts);
}

/** Asks a host itself for its keys: proves nothing about who answers. */
export async function scanHostKeys(
  host: SshHost,
  options: { run?: Run; signal?: AbortSignal } = {},
): Promise<HostKey[]> {
  const args = ["-T", "10", "-p", String(host.port), host.host];
  const result = await runTool("ssh-keyscan", args, options);
  return findHostKeys(result.stdout, [host]);
}

/** Hosts that no key is known of. Pure. */
export function findUnknownHosts(hosts: readonly SshHost[], keys: readonly HostKey[]): SshHost[] {
  return hosts.filter((host) =>
    !keys.some((key) => key.host.host === host.host && key.host.port === host.port)
  );
}

/** Adds what is asked for to the set-up that exists. Pure. */
export function planSshSetup(
  before: SshRecord | undefined,
  asked: {
    identity: Identity;
    hosts: readonly SshHost[];
    keys: readonly HostKey[];
    force: boolean;
  },
): SshPlan {
  if (before !== undefined && before.identity !== asked.identity.kind && !asked.force) {
    const change = `"${before.identity}" to "${asked.identity.kind}"`;
    throw new UserError(`Cannot change the identity of the SSH set-up from ${change}`, {
      hint: "Replace the whole set-up, its key included: add --force",
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
  const hosts = mergeSshHosts(asked.force ? [] : before?.hosts ?? [], asked.hosts);
  return { identity: asked.identity, hosts, keys: [...asked.keys], renew: asked.force };
}

/**
 * Writes the set-up beside the old one and swaps them: never half a set-up, never one that others
 * can read.
 *
 * @returns The public key; `undefined` for the agent's.
 */
export async function applySshSetup(
  plan: SshPlan,
  options: { stateDir: string; run?: Run },
): Promise<string | undefined> {
  const target = sshDir(options.stateDir);
  const staging = `${target}.${crypto.randomUUID()}.tmp`;
  await ensurePrivateDir(staging);
  try {
    const write = (name: string, text: string) =>
      Deno.writeTextFile(join(staging, name), text, { mode: 0o600 });
    const identity = plan.identity.kind === "agent" ? "agent" : "file";
    await write(SSH_FILE.config, formatSshConfig(plan.hosts, { identity }));
    await write(SSH_FILE.knownHosts, formatHostKeys(plan.keys));
    const record: SshRecord = { schema: 1, identity: plan.identity.kind, hosts: plan.hosts };
    await write(SSH_FILE.record, JSON.stringify(record, null, 2) + "\n");
    const publicKey = await placeKey(plan, { staging, target, ...options });
    await swap(staging, target);
    return publicKey;
  } finally {
    await Deno.remove(staging, { recursive: true }).catch(() => {});
  }
}

type Places = { staging: string; target: string; run?: Run };

async function placeKey(plan: SshPlan, places: Places): Promise<string | undefined> {
  if (plan.identity.kind === "agent") return undefined;
  const key = join(places.staging, SSH_FILE.key);
  const publicKey = join(places.staging, SSH_FILE.publicKey);
  const old = join(places.target, SSH_FILE.key);
  if (plan.identity.kind === "copy" && plan.identity.path !== undefined) {
    await copyKey(plan.identity.path, key);
    await Deno.writeTextFile(publicKey, await readPublicKey(plan.identity.path, places));
  } else if (!plan.renew && await isFile(old)) {
    await Deno.copyFile(old, key);
    await Deno.copyFile(`${old}.pub`, publicKey);
  } else {
    const args = ["-q", "-t", "ed25519", "-N", "", "-C", "sandcage", "-f", key];
    await runTool("ssh-keygen", args, places);
  }
  for (const path of [key, publicKey]) await makePrivate(path);
  return (await Deno.readTextFile(publicKey)).trim();
}

// Windows keeps permissions in the folder's access list, which the profile already restricts.
async function makePrivate(path: string): Promise<void> {
  if (Deno.build.os !== "windows") await Deno.chmod(path, 0o600);
}

async function copyKey(from: string, to: string): Promise<void> {
  try {
    await Deno.copyFile(from, to);
  } catch (cause) {
    throw new UserError(`Cannot copy the SSH key ${JSON.stringify(from)}`, {
      hint: "Give the path of a private key that you can read",
      exit: EXIT.usage,
      code: "usage",
      cause,
    });
  }
}

// The public half beside the key also exists for keys under a passphrase, which cannot be opened.
async function readPublicKey(path: string, options: { run?: Run }): Promise<string> {
  if (await isFile(`${path}.pub`)) return await Deno.readTextFile(`${path}.pub`);
  return (await runTool("ssh-keygen", ["-y", "-P", "", "-f", path], options)).stdout;
}

async function swap(staging: string, target: string): Promise<void> {
  const old = `${target}.${crypto.randomUUID()}.old`;
  if (await Deno.lstat(target).then(() => true, () => false)) await Deno.rename(target, old);
  await Deno.rename(staging, target);
  await Deno.remove(old, { recursive: true }).catch(() => {});
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((found) => found.isFile, () => false);
}

async function runTool(
  tool: "ssh-keygen" | "ssh-keyscan",
  args: readonly string[],
  options: { run?: Run; signal?: AbortSignal },
) {
  const run = options.run ?? spawnProcess;
  try {
    const result = await run(tool, args, {
      timeoutMs: KEYGEN_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (result.code === 0) return result;
    throw new UserError(`Cannot finish: ${tool} failed with code ${result.code}`, {
      hint: result.stderr.trim() || `Try it yourself: ${tool} ${args.join(" ")}`,
    });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(`Cannot find the program ${tool}`, {
      hint: "Install OpenSSH's client: apt-get install openssh-client",
      cause,
    });
  }
}

/** Formats hosts for a message. */
export function formatSshHosts(hosts: readonly SshHost[]): string {
  return hosts.map(formatSshHost).join(", ");
}
