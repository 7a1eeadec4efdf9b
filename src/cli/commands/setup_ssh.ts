import { resolve } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { mergeSshHosts, parseSshHost, type SshHost } from "../../ssh/hosts.ts";
import { formatFingerprint, type HostKey } from "../../ssh/known_hosts.ts";
import { sshDir } from "../../ssh/mounts.ts";
import {
  applySshSetup,
  findSshRecord,
  findUnknownHosts,
  formatSshHosts,
  type Identity,
  planSshSetup,
  readHostKeys,
  scanHostKeys,
} from "../../ssh/setup.ts";
import type { CommandContext } from "../context.ts";

/** What to set up. */
export type SetupSshOptions = {
  /** `[user@]host[:port]`. */
  hosts: string[];
  /** Private key to copy. */
  key?: string;
  /** The host's agent signs; no key is made. */
  agent: boolean;
  /** Ask hosts for keys that nobody here knows. */
  scan: boolean;
  /** Replace the set-up, key included. */
  force: boolean;
};

/** `sandcage setup ssh`: makes what cages with `ssh.enabled` use. */
export async function runSetupSsh(
  options: SetupSshOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io } = context;
  const before = await findSshRecord(host.stateDir);
  const identity = chooseIdentity(options, { cwd: host.cwd, before: before?.identity });
  const asked = options.hosts.map(parseSshHost);
  const hosts = mergeSshHosts(options.force ? [] : before?.hosts ?? [], asked);
  const keys = await readHostKeys(host, hosts);
  const unknown = findUnknownHosts(hosts, keys);
  if (unknown.length > 0 && !options.scan) throw unknownHosts(unknown);
  const scanned = await scanAll(unknown, context);
  const plan = planSshSetup(before, {
    identity,
    hosts: asked,
    keys: [...keys, ...scanned],
    force: options.force,
  });
  const publicKey = await applySshSetup(plan, { stateDir: host.stateDir });
  if (publicKey !== undefined) {
    io.talk("The public key, to be added at each host (as a deploy key, for example):");
    io.out(publicKey);
  }
  io.talk(`Kept in ${sshDir(host.stateDir)}`);
  if (plan.hosts.length === 0) io.talk("No host can be reached yet: add some with --host");
  else io.talk(`Hosts: ${formatSshHosts(plan.hosts)}`);
  const wanted = identity.kind === "agent" ? "{ enabled: true, agent: true }" : "{ enabled: true }";
  io.talk(`Give it to a project's cages: put "ssh: ${wanted}" into .sandcage.yml`);
  return EXIT.ok;
}

function chooseIdentity(
  options: Pick<SetupSshOptions, "key" | "agent" | "force">,
  known: { cwd: string; before: Identity["kind"] | undefined },
): Identity {
  if (options.agent && options.key !== undefined) {
    throw new UserError("Cannot use a key and the agent at once", {
      hint: "Give --key FILE or --agent",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  if (options.agent) return { kind: "agent" };
  if (options.key !== undefined) return { kind: "copy", path: resolve(known.cwd, options.key) };
  return { kind: options.force ? "own" : known.before ?? "own" };
}

async function scanAll(hosts: readonly SshHost[], context: CommandContext): Promise<HostKey[]> {
  const { io, signals } = context;
  const found: HostKey[] = [];
  for (const host of hosts) {
    using step = io.progress(`Asking ${host.host} for its keys`);
    const signal = signals === undefined ? {} : { signal: signals.signal };
    const keys = await scanHostKeys(host, signal);
    if (keys.length === 0) {
      throw new UserError(
        `Cannot get the keys of ${host.host}: port ${host.port} does not answer`,
        {
          hint: `Try it yourself: ssh-keyscan -p ${host.port} ${host.host}`,
        },
      );
    }
    step.done();
    for (const { type, key } of keys) io.talk(`  ${host.host} ${type} ${formatFingerprint(key)}`);
    found.push(...keys);
  }
  if (found.length > 0) {
    io.warn("Compare these with what the hosts publish: whoever answered is trusted from now on");
    if (io.interactive && !await io.confirm("Trust them?", { assumed: false })) {
      throw new UserError("Cannot go on without the keys of the hosts", { exit: EXIT.denied });
    }
  }
  return found;
}

function unknownHosts(hosts: readonly SshHost[]): UserError {
  return new UserError(`Cannot tell whether these hosts are genuine: ${formatSshHosts(hosts)}`, {
    hint: `Connect to each once, so that your known_hosts has its key: ssh ${hosts[0]!.host}\n` +
      "Or take what they answer now, after comparing fingerprints: add --scan",
    exit: EXIT.conflict,
    code: "conflict",
  });
}
