import { wasSeen } from "../internet/evidence.ts";
import type { Event } from "../internet/types.ts";

/** Silence after which nothing comes any more, in milliseconds: bridges of one machine take one. */
export const SILENCE_MS = 800;

/** Time for a busy gateway's answer, in milliseconds; nobody waits this long for one that answers. */
export const ANSWER_MS = 5_000;

/** A place that a packet must be seen at. */
export type Place = { protocol: string; to: string; port?: number };

/** A line for each place that nothing was seen at: what is not seen there proves nothing. Pure. */
export function tellUnseen(events: readonly Event[], places: readonly Place[]): string[] {
  return places.filter((place) => !wasSeen(events, place)).map(({ protocol, to, port }) =>
    `no ${protocol} to ${port === undefined ? to : `${to}:${port}`} from outside`
  );
}
