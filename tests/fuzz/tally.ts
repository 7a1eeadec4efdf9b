import type { Verdict } from "./target.ts";

/** What a reader made of its cases. */
export type Tally = {
  accepted: number;
  /** By reason, without what differs from case to case. */
  refused: Record<string, number>;
};

/** Most reasons that are told apart. */
const MOST_REASONS = 100;
const OTHER = "for other reasons";

/** Counts nothing yet. */
export function emptyTally(): Tally {
  return { accepted: 0, refused: {} };
}

/** Counts one more. */
export function addVerdict(tally: Tally, verdict: Verdict): void {
  if (verdict === "accepted") {
    tally.accepted++;
    return;
  }
  const reason = plainReason(verdict.refused);
  const isKnown = Object.hasOwn(tally.refused, reason);
  const counted = isKnown || Object.keys(tally.refused).length < MOST_REASONS ? reason : OTHER;
  tally.refused[counted] = (tally.refused[counted] ?? 0) + 1;
}

/** Both together. */
export function addTally(one: Tally, other: Tally): Tally {
  const refused = { ...one.refused };
  for (const [reason, count] of Object.entries(other.refused)) {
    refused[reason] = (refused[reason] ?? 0) + count;
  }
  return { accepted: one.accepted + other.accepted, refused };
}

/** How many were refused. */
export function countRefused({ refused }: Tally): number {
  return Object.values(refused).reduce((sum, count) => sum + count, 0);
}

/** The least share of cases that must be accepted, and refused, for a campaign to prove anything. */
const LEAST_SHARE = 0.02;

/** Why these cases prove little: nearly all of them met the same end. */
export function findOneSided(tally: Tally): string | undefined {
  const refused = countRefused(tally);
  const all = tally.accepted + refused;
  if (tally.accepted < all * LEAST_SHARE) return `only ${tally.accepted} of ${all} were accepted`;
  if (refused < all * LEAST_SHARE) return `only ${refused} of ${all} were refused`;
  return undefined;
}

function plainReason(text: string): string {
  const quote = text.search(/["'`\n]/);
  return (quote < 0 ? text : text.slice(0, quote)).replace(/\d+/g, "0").slice(0, 60);
}
