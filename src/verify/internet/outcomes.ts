import type { Outcome } from "./probe/types.ts";

/** Outcomes of probes, by the probe's id. */
export type Outcomes = {
  /** @throws {Error} If there was no such probe. */
  get(id: string): Outcome;
  all: readonly Outcome[];
};

/** Outcomes in their order. Pure. */
export function makeOutcomes(all: readonly Outcome[]): Outcomes {
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
