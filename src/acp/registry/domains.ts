import { EXIT, UserError } from "../../errors.ts";
import type { Io } from "../../io.ts";
import { parseHostPattern } from "../../policy/host.ts";

/** Hosts of an agent: those it may reach, and all that the user was asked about. */
export type AgentDomains = { domains: string[]; askedDomains: string[] };

/**
 * Settles which hosts an agent may reach. What was named on the command line is allowed; what
 * sandcage knows the agent to need is asked for once, and allowed where nobody can be asked.
 *
 * @param request.before What was settled when the agent was installed before.
 */
export async function settleDomains(
  request: {
    id: string;
    /** From the command line. */
    named: readonly string[];
    known: readonly string[];
    before?: AgentDomains;
  },
  io: Pick<Io, "confirm" | "talk">,
): Promise<AgentDomains> {
  const { id, named, known, before = { domains: [], askedDomains: [] } } = request;
  const fresh = known.filter((host) => !before.askedDomains.includes(host));
  const allowed = fresh.length > 0 &&
    await io.confirm(`Let ${id} reach ${fresh.join(", ")}?`, { assumed: true });
  const domains = [...new Set([...before.domains, ...(allowed ? fresh : []), ...named])];
  io.talk(
    domains.length === 0
      ? `${id} reaches no host of its own yet; name them with: ` +
        `sandcage acp install ${id} --domain HOST`
      : `${id} may reach ${domains.join(", ")}`,
  );
  return { domains, askedDomains: [...new Set([...before.askedDomains, ...fresh])] };
}

/**
 * Checks hosts of the command line.
 *
 * @throws {UserError} Code `usage`, for the first that is none.
 */
export function checkDomains(hosts: readonly string[]): void {
  for (const host of hosts) {
    const parsed = parseHostPattern(host);
    if (parsed.ok && parsed.pattern.kind !== "any") continue;
    throw new UserError(`Cannot read --domain ${JSON.stringify(host)}: it is no host`, {
      hint: "Give a host name such as api.example.com or *.example.com",
      exit: EXIT.usage,
      code: "usage",
    });
  }
}
