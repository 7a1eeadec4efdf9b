import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome } from "../internet/probe/types.ts";
import { run } from "../internet/probes.ts";
import CROWD from "./crowd.py" with { type: "text" };
import { formatOutcome, isAnswered, toFinding } from "./judge.ts";

/** Connections to each of three ports; all together less than a container may have files open. */
const EACH = 250;
const ALL = 3 * EACH;

/** On a slow machine the first are ended while the last are opened. */
const ENOUGH = 500;

const URLS = ["http://allowed.test/", "https://allowed.test/"];

type Crowd = { open: number; answers: string[] };

/** What a crowd saw; nothing where its program said nothing. Pure. */
export function parseCrowd({ data }: Pick<Outcome, "data">): Crowd | undefined {
  try {
    return JSON.parse(data) as Crowd;
  } catch {
    return undefined;
  }
}

/** Connections that say nothing. */
export const CROWD_CASES: readonly GuardedCase[] = [{
  id: "N44",
  suite: "network",
  title: "hundreds of connections that never say what they want starve no other",
  threat: "one runaway child of the agent takes the way out from all others, or the gateway down",
  expectation:
    "with all of them open the allowed host answers, by the proxy and without; nothing else is reached",
  source: "sandcage",
  brokenBy: "few connections are taken at a time",
  quick: false,
  async check({ internet, probe }) {
    const crowd = (id: string, each: number) =>
      run(id, ["python3", "-c", CROWD, String(each), ...URLS], { timeoutMs: 50_000 });
    const outcomes = await probe([crowd("crowded", EACH)]);
    const leaks = await tellLeaks(internet, { names: ["allowed.test"], echo: true });
    const alone = await probe([crowd("alone", 1)]);
    const [seen, control] = [parseCrowd(outcomes.get("crowded")), parseCrowd(alone.get("alone"))];
    const starved = (told: Crowd | undefined) =>
      told?.answers.filter((data) => !isAnswered({ data })).length ?? 2 * URLS.length;
    return toFinding({
      seen: `${ALL} connections opened, all of ${2 * URLS.length} fetches answered`,
      open: [
        ...leaks,
        ...(starved(seen) === 0 ? [] : [formatOutcome(outcomes.get("crowded"))]),
      ],
      missing: [
        ...(seen !== undefined && seen.open >= ENOUGH
          ? []
          : [`${ENOUGH} connections at a time: ${seen?.open}`]),
        ...(starved(control) === 0 ? [] : [formatOutcome(alone.get("alone"))]),
      ],
    });
  },
}];
