import type { PreparedCage } from "../../cage/prepare.ts";
import { type Case, type Finding, makeInapplicable, type OpenSuite } from "../case.ts";
import { type Expected, findLeaks } from "./evidence.ts";
import { type Guard, type GuardedCage, openGuarded } from "./guarded.ts";
import type { Internet } from "./internet.ts";
import type { Event } from "./types.ts";

/** A case that is tried on a {@link GuardedCage}, where nothing has happened yet. */
export type GuardedCase = Case & {
  check(guarded: GuardedCage): Promise<Finding | { notApplicable: string }>;
};

/** Opens a suite of such cases. A cage without a gateway has nothing of the kind. */
export async function openGuardedSuite(
  cases: readonly GuardedCase[],
  { cage, guard }: { cage: PreparedCage; guard: Guard },
): Promise<OpenSuite> {
  const { mode } = cage.config.network;
  if (cage.gateway === undefined) {
    return makeInapplicable(`network.mode is ${mode}: no gateway`);
  }
  const guarded = await openGuarded(cage, guard);
  return {
    async check(id) {
      const found = cases.find((each) => each.id === id);
      if (found === undefined) throw new Error(`There is no case ${id}`);
      await guarded.internet.clear();
      return await found.check(guarded);
    },
    [Symbol.asyncDispose]: () => guarded[Symbol.asyncDispose](),
  };
}

/** A line for each thing that arrived and should not have. */
export async function tellLeaks(internet: Internet, expected: Expected = {}): Promise<string[]> {
  return findLeaks(await internet.events(), internet.addresses, expected).map(formatEvent);
}

/** One event in a few words. Pure. */
export function formatEvent(event: Event): string {
  switch (event.kind) {
    case "packet":
      return `${event.protocol} to ${event.to}${event.port === undefined ? "" : `:${event.port}`}`;
    case "dns":
      return `a question for ${event.name}, type ${event.type}`;
    case "connection":
      return `a connection to ${event.to}:${event.port}, the ${event.role}`;
    case "bytes":
      return `bytes at the ${event.role}: ${JSON.stringify(event.text.slice(0, 60))}`;
    case "tls":
      return `TLS for ${event.sni ?? "nobody"} at the ${event.role}`;
    case "request":
      return `${event.method} ${event.target} for ${event.host} at the ${event.role}`;
    default:
      return event.kind;
  }
}
