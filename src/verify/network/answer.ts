import { type DnsAnswer, parseAnswer } from "../internet/dns_query.ts";
import type { Outcome } from "../internet/probe/types.ts";

/** Shortest message: a head and an empty question, in hexadecimal digits. */
const SHORTEST = 2 * 17;

/** What a name server replied to a datagram; nothing where it did not, or not as name servers do. */
export function readAnswer({ data }: Pick<Outcome, "data">): DnsAnswer | undefined {
  if (!/^[0-9a-f]*$/.test(data) || data.length < SHORTEST) return undefined;
  try {
    return parseAnswer(data);
  } catch {
    // It ends within a record.
    return undefined;
  }
}
