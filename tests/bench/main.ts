/**
 * `deno task bench [--runs N] [--only PART] [--json]`: speed as ratios, every number of one run taken
 * against a reference of the same run. Nothing fails on time: machines differ. Parts: sessions,
 * gateway, policy, acp, warm, copy, tar, promote, promote-live, headless.
 */
import { parseArgs } from "node:util";
import { print } from "../../tools/shell.ts";
import { benchAcp } from "./acp.ts";
import { benchAcpWarm } from "./acp_warm.ts";
import { benchCopy } from "./copy.ts";
import { benchGateway } from "./gateway/suite.ts";
import { benchHeadless } from "./headless.ts";
import { benchPolicy } from "./policy.ts";
import { benchPromote } from "./promote.ts";
import { benchPromoteLive } from "./promote_live.ts";
import { benchSessions } from "./sessions.ts";
import { benchTar } from "./tar.ts";

/** A round of the gateway takes a minute: fewer of them than of session starts. */
const GATEWAY_ROUNDS_PER_RUN = 0.5;

/** How long one decision may take among ten thousand rules, in microseconds. */
const MOST_DECISION_US = 5;

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "9" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.runs);
const parts = {
  sessions: () => benchSessions({ rounds, json: flags.json }),
  gateway: () =>
    benchGateway({ rounds: Math.ceil(rounds * GATEWAY_ROUNDS_PER_RUN), json: flags.json }),
  policy: measurePolicy,
  acp: () => benchAcp({ rounds, json: flags.json }),
  warm: () => benchAcpWarm({ rounds, json: flags.json }),
  copy: () => benchCopy({ rounds, json: flags.json }),
  tar: () => benchTar({ rounds, json: flags.json }),
  promote: () => benchPromote({ rounds, json: flags.json }),
  "promote-live": () => benchPromoteLive({ rounds, json: flags.json }),
  headless: () => benchHeadless({ rounds, json: flags.json }),
};
for (const [name, bench] of Object.entries(parts)) {
  if (flags.only === undefined || flags.only === name) print(await bench() + "\n");
}

async function measurePolicy(): Promise<string> {
  const { rules, microseconds } = await benchPolicy();
  if (flags.json) return JSON.stringify({ rules, microseconds });
  const verdict = microseconds <= MOST_DECISION_US ? "held" : "missed";
  return `one decision among ${rules} rules ≤ ${MOST_DECISION_US} µs  ` +
    `${microseconds.toFixed(2)} µs  ${verdict}`;
}
