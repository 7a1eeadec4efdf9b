import type { Finding } from "../case.ts";
import type { Outcome } from "../internet/probe/types.ts";

/** What a case saw, in lines for whoever asks why; no line where there is nothing to tell. */
export type Told = {
  /** In a few words, with figures, where the wall held. */
  seen: string;
  /** What got through, or was let pass that should have been refused. */
  open: readonly string[];
  /** What should have worked and did not. */
  missing: readonly string[];
};

/** Longest part of an outcome that is told, in characters. */
const LONGEST = 120;

/** Statuses that a gateway refuses with; what it could not reach is no refusal. */
const REFUSAL = /^HTTP\/(?:1\.[01]|2) 4(?:00|03|21) /;

/** What is seen of a case, as a finding. Pure. */
export function toFinding({ seen, open, missing }: Told): Finding {
  const held = open.length === 0;
  const told = held ? seen : `${count(open.length, "sign")} of a way through`;
  return {
    held,
    control: missing.length === 0,
    seen: missing.length === 0 ? told : `${told}; a control did not work`,
    evidence: [...open, ...missing.map((line) => `control: ${line}`)],
  };
}

/** Whether the gateway said no, to a CONNECT or in what it carried. Pure. */
export function isRefused({ head, data }: Pick<Outcome, "head" | "data">): boolean {
  return REFUSAL.test(data === "" ? head ?? "" : data);
}

/** Whether a host of the internet answered. Pure. */
export function isAnswered({ data }: Pick<Outcome, "data">): boolean {
  return /"request":\d/.test(data);
}

/** Whether a host answered that was asked for by this name. Pure. */
export function isEchoOf(host: string): (outcome: Pick<Outcome, "data">) => boolean {
  return ({ data }) => isAnswered({ data }) && data.includes(`"host":"${host}"`);
}

/** A line for each outcome that is not as it should be. Pure. */
export function tellOthers(
  outcomes: readonly Outcome[],
  isRight: (outcome: Outcome) => boolean,
): string[] {
  return outcomes.filter((outcome) => !isRight(outcome)).map(formatOutcome);
}

/** One outcome in a few words. Pure. */
export function formatOutcome({ id, reached, error, head, data, code, stderr }: Outcome): string {
  const said = [head, data, stderr].filter((text) => text !== undefined && text !== "").join(" ");
  const parts = [
    code === undefined ? `reached ${reached}` : `exit code ${code}`,
    ...(error === undefined ? [] : [error]),
    ...(said === "" ? [] : [JSON.stringify(said.slice(0, LONGEST))]),
  ];
  return `${id}: ${parts.join(", ")}`;
}

/** `1 form`, `2 ways`, `0 queries`. Pure. */
export function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return /[^aeiou]y$/.test(noun) ? `${number} ${noun.slice(0, -1)}ies` : `${number} ${noun}s`;
}
