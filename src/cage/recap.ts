import type { AuditEvent } from "../policy/audit.ts";

/** What a gateway refused: hosts by name, with how often, the most frequent first. */
export type Denials = { host: string; times: number; reason: AuditEvent["reason"] }[];

/** Most hosts that are remembered; an agent can think of more. */
const MAX_HOSTS = 1_000;

/** Hosts that a session's end names. */
const SHOWN = 5;

/** Collects what is refused. */
export function collectDenials(): {
  add(events: readonly AuditEvent[]): void;
  read(): Denials;
} {
  const hosts = new Map<string, Denials[number]>();
  return {
    add(events) {
      for (const { decision, host, reason } of events) {
        if (decision !== "deny" || host === undefined) continue;
        const known = hosts.get(host);
        if (known !== undefined) known.times++;
        else if (hosts.size < MAX_HOSTS) hosts.set(host, { host, times: 1, reason });
      }
    },
    read: () => [...hosts.values()].toSorted((a, b) => b.times - a.times),
  };
}

/**
 * What a person is told when a session ends: which hosts were refused and what would allow one.
 *
 * @returns `undefined` when nothing was refused.
 */
export function formatRecap(denials: Denials): string | undefined {
  if (denials.length === 0) return undefined;
  const shown = denials.slice(0, SHOWN).map(({ host, reason }) => `${printable(host)} (${reason})`);
  const more = denials.length - shown.length;
  const unlisted = denials.find(({ reason }) => reason === "no-rule");
  const hint = unlisted === undefined
    ? "see why: sandcage audit --blocked"
    : `allow one with: sandcage domain add ${printable(unlisted.host)}`;
  return `blocked ${denials.length} host${denials.length === 1 ? "" : "s"}: ${shown.join(", ")}` +
    `${more > 0 ? ` and ${more} more` : ""}; ${hint}`;
}

/** A host is the agent's word: it must not move the cursor. */
function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, "?").slice(0, 100);
}
