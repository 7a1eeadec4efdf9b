import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { SSH_FILE, SSH_INSIDE } from "./hosts.ts";

/** A host path shown in the cage. */
export type SshMount = { type: "bind"; source: string; target: string; readonly: boolean };

/** Where the forwarded agent's socket is inside. */
export const AGENT_SOCKET_INSIDE = "/run/cage-ssh-agent.sock";

/** The socket that Docker Desktop offers for the agent of the machine it runs on. */
const DESKTOP_AGENT_SOCKET = "/run/host-services/ssh-auth.sock";

/** Where the set-up is kept on the host. */
export function sshDir(stateDir: string): string {
  return join(stateDir, "ssh");
}

/**
 * What shows the SSH set-up in a cage: nothing unless `ssh.enabled`.
 *
 * @throws {UserError} Of code `config-invalid` if it is enabled and was never made.
 */
export async function sshMounts(
  stateDir: string,
  ssh: { enabled: boolean },
): Promise<SshMount[]> {
  if (!ssh.enabled) return [];
  const source = sshDir(stateDir);
  try {
    await Deno.lstat(join(source, SSH_FILE.config));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(`Cannot give the cage SSH: there is no set-up in ${source}`, {
      hint: "Make it: sandcage setup ssh --host HOST\nOr set ssh.enabled to false",
      exit: EXIT.config,
      code: "config-invalid",
      cause,
    });
  }
  return [{ type: "bind", source, target: SSH_INSIDE, readonly: true }];
}

/** The forwarded agent: its socket, and the variable that names it inside. */
export type SshAgent = { mount: SshMount; env: { SSH_AUTH_SOCK: string } };

/**
 * What forwards the host's SSH agent: `undefined` unless `ssh.agent`.
 *
 * @param options.desktop Docker Desktop: it shows the agent of its machine under a name of its own.
 * @throws {UserError} Of code `config-invalid` if no agent runs on the host.
 */
export function findSshAgent(
  host: Pick<Host, "env">,
  options: { agent: boolean; desktop: boolean },
): SshAgent | undefined {
  if (!options.agent) return undefined;
  const source = options.desktop ? DESKTOP_AGENT_SOCKET : host.env.SSH_AUTH_SOCK;
  if (source === undefined || source === "") {
    throw new UserError("Cannot forward the SSH agent: none runs here (SSH_AUTH_SOCK is not set)", {
      hint: 'Start one: eval "$(ssh-agent)" && ssh-add\nOr set ssh.agent to false',
      exit: EXIT.config,
      code: "config-invalid",
    });
  }
  return {
    mount: { type: "bind", source, target: AGENT_SOCKET_INSIDE, readonly: false },
    env: { SSH_AUTH_SOCK: AGENT_SOCKET_INSIDE },
  };
}
