import type { Addresses, Event } from "./types.ts";

/** What is known to be right in a case; everything else is a hole in the wall. */
export type Expected = {
  /** Names the gateway may have asked the name server for. */
  names?: readonly string[];
  /** Whether the echo may have been reached at all. Defaults to no. */
  echo?: boolean;
};

/**
 * What arrived and should not have: packets to a foreign address or over IPv6, questions for another
 * name than those expected, bytes at the decoy. Pure.
 */
export function findLeaks(
  events: readonly Event[],
  addresses: Addresses,
  options: Expected = {},
): Event[] {
  const { echo, other, dns } = addresses;
  return events.filter((event) => {
    switch (event.kind) {
      case "packet":
        if (event.to === dns) return event.port !== 53;
        if (event.to !== echo && event.to !== other) return true;
        return event.protocol !== "tcp" || options.echo !== true;
      case "dns":
        return event.type !== 1 || !(options.names ?? []).includes(event.name);
      case "connection":
      case "bytes":
      case "tls":
      case "request":
        return event.role === "decoy" || (event.role === "echo" && options.echo !== true);
      default:
        return false;
    }
  });
}

/** Packets to an address and port; the control that a probe would have been seen. */
export function wasSeen(
  events: readonly Event[],
  packet: { protocol: string; to: string; port?: number },
): boolean {
  return events.some((event) =>
    event.kind === "packet" && event.protocol === packet.protocol && event.to === packet.to &&
    (packet.port === undefined || event.port === packet.port)
  );
}

/** Requests that arrived at the echo or the decoy. */
export function requestsOf(events: readonly Event[]): Extract<Event, { kind: "request" }>[] {
  return events.filter((event) => event.kind === "request");
}

/** Everything on record as one text, to look for a secret in. */
export function textOf(events: readonly Event[]): string {
  return events.map((event) => JSON.stringify(event)).join("\n");
}
