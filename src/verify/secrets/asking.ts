import type { Probe } from "../internet/probe/types.ts";
import { run, type RunOptions } from "../internet/probes.ts";
import { SITE, type TriedSecrets } from "./given.ts";
import { type Arrival, listHeader, listValuesIn } from "./seen.ts";

/** How long one of many requests at once may take on a busy machine, in seconds. */
const PATIENCE_S = 25;

/** The same of what runs it, in milliseconds. */
export const PATIENCE_MS: number = (PATIENCE_S + 5) * 1_000;

const CURL = ["curl", "-sS", "-m", `${PATIENCE_S}`];

/** One request of curl's. */
export function request(id: string, args: readonly string[], options: RunOptions = {}): Probe {
  return run(id, [...CURL, ...args], { timeoutMs: PATIENCE_MS, ...options });
}

/** One shell line as the agent, in which `$PROBE_KEY` is what the agent has. */
export function shell(id: string, line: string, options: RunOptions = {}): Probe {
  return run(id, ["sh", "-c", line], { timeoutMs: PATIENCE_MS, ...options });
}

/** One request of curl's, its arguments as a shell reads them. */
export function ask(id: string, args: string): Probe {
  return shell(id, `${CURL.join(" ")} ${args}`);
}

/** One request of curl's, its body what a shell line prints that reads a text. */
export function askWith(id: string, args: string, body: { line: string; text: string }): Probe {
  return shell(id, `${body.line} | ${CURL.join(" ")} --data-binary @- ${args}`, {
    stdin: body.text,
  });
}

/** Arguments of curl's for the first secret, as most clients send one. */
export const BEARER = '-H "authorization: Bearer $PROBE_KEY"';

/** Where the first secret is meant to go. */
export const OWN = `https://${SITE.own}`;

/** Whether a request has the value of the first secret where {@link BEARER} put its placeholder. */
export function isBearer(
  arrival: Pick<Arrival, "headers">,
  { key }: Pick<TriedSecrets, "key">,
): boolean {
  return listHeader(arrival, "authorization").join() === `Bearer ${key.value}`;
}

/** The one host of each secret that is what it says. */
const HOMES: Readonly<Record<string, string>> = {
  key: SITE.own,
  body: SITE.own,
  other: SITE.other,
} satisfies Record<keyof TriedSecrets, string>;

/** A line for each value that arrived where it must not: anywhere but at its own host. Pure. */
export function tellStray(arrivals: readonly Arrival[], secrets: TriedSecrets): string[] {
  return arrivals.flatMap((arrival) => {
    const isHome = (use: string) => arrival.role === "echo" && arrival.sni === HOMES[use];
    const foreign = Object.entries(secrets).filter(([use]) => !isHome(use));
    return listValuesIn(JSON.stringify(arrival), Object.fromEntries(foreign))
      .map((what) => `${what} arrived at ${arrival.host}`);
  });
}
