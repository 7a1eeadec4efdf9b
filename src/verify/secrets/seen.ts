import type { AuditLine } from "../../policy/audit.ts";
import type { GuardedCage } from "../internet/guarded.ts";
import type { Event, Role, Seen } from "../internet/types.ts";
import { pause } from "../../pause.ts";
import type { TriedSecret } from "./given.ts";
import { findSpellings } from "./spellings.ts";

/** A request that reached a listener of the internet, with its body as far as it was kept. */
export type Arrival = Seen & { role: Role; path: string; body: string };

/** Requests that arrived, oldest first. Pure. */
export function listArrivals(events: readonly Event[]): Arrival[] {
  const bodies = new Map(
    events.flatMap((event) => event.kind === "body" ? [[event.request, event.text]] : []),
  );
  return events.flatMap((event) =>
    event.kind === "request"
      ? [{
        ...event,
        path: event.target.split("?")[0]!,
        body: bodies.get(event.request) ?? "",
      }]
      : []
  );
}

/** Every value of a header of a request. Pure. */
export function listHeader(arrival: Pick<Arrival, "headers">, name: string): string[] {
  return arrival.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** Names of the secrets whose value a text holds, however it is spelled. Pure. */
export function listValuesIn(
  text: string,
  secrets: Readonly<Record<string, TriedSecret>>,
): string[] {
  return Object.values(secrets).flatMap(({ name, value }) =>
    findSpellings(text, value).map((as) => `the value of ${name}, ${as}`)
  );
}

/** Names of the secrets whose placeholder a text holds. Pure. */
export function listPlaceholdersIn(
  text: string,
  secrets: Readonly<Record<string, TriedSecret>>,
): string[] {
  return Object.values(secrets).filter(({ placeholder }) => text.includes(placeholder))
    .map(({ name }) => `the placeholder of ${name}`);
}

/** Whether the gateway refused for one of some reasons. Pure. */
export function isDenied(data: string, ...reasons: string[]): boolean {
  const found = /"blocked":true,"rule":[^]*?"reason":"([a-z-]+)"/.exec(data)?.[1];
  return found !== undefined && (reasons.length === 0 || reasons.includes(found));
}

/** Whether the echo answered. Pure. */
export function isAnswered(data: string): boolean {
  return /"request":\d/.test(data);
}

/** How long something that takes its time is looked for, and the pause between looks; milliseconds. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 100;

/** Looks until there is something to see; `undefined` when the time is up. */
export async function lookFor<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const deadline = Date.now() + PATIENCE_MS;;) {
    const found = await look();
    if (found !== undefined || Date.now() > deadline) return found;
    await pause(LOOK_MS);
  }
}

/** Lines of audit from here on, as soon as there are enough of a kind; those that there are, else. */
export async function openAudit(guarded: GuardedCage): Promise<{
  wait(isWanted: (line: AuditLine) => boolean, count: number): Promise<AuditLine[]>;
}> {
  const before = (await guarded.audit()).length;
  return {
    async wait(isWanted, count) {
      const look = async () => (await guarded.audit()).slice(before).filter(isWanted);
      return await lookFor(async () => {
        const lines = await look();
        return lines.length >= count ? lines : undefined;
      }) ?? await look();
    },
  };
}
