import type { Outcome } from "./probe/types.ts";

/** Outcomes of probes, by the probe's id. */
export type Outcomes = {
  /** @throws {Error} If there was no such probe. */
  get(id: string): Outcome;
  all: readonly Outcome[];
};

/** Reads what the probe program printed; what ran before it may have printed, too. */
export function parseOutcomes(stdout: string): Outcomes {
  const all = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Outcome[];
  const byId = new Map(all.map((outcome) => [outcome.id, outcome]));
  return {
    all,
    get(id) {
      const outcome = byId.get(id);
      if (outcome === undefined) throw new Error(`No probe ${id} ran`);
      return outcome;
    },
  };
}
