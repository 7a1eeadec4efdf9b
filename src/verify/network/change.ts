import type { Finding } from "../case.ts";
import type { GuardedCage, ProbedSession, ProbeUser } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome } from "../internet/probe/types.ts";
import { curl, raw, run } from "../internet/probes.ts";
import change from "./change.py" with { type: "text" };
import { findSides } from "./container_addresses.ts";
import { count, toFinding } from "./judge.ts";
import { SILENCE_MS, tellUnseen } from "./outside.ts";

/** What changes the way out from inside. */
export const CHANGE_CASES: readonly GuardedCase[] = [
  {
    id: "N21",
    suite: "network",
    title: "routes, addresses and filters of the cage cannot be changed, and would open nothing",
    threat: "an agent that becomes root makes itself a way past the gateway",
    expectation:
      "the agent and root are refused; a container beside them that may change everything gets no packet through; what is allowed and what is not stays the same",
    source: "gh-aw-firewall, agentcage#284",
    brokenBy: "the gateway routes between its networks",
    quick: false,
    check: checkChange,
  },
];

/** What an attempt to change came to, by its name: `ok` or the name of an error. */
type Attempts = Record<string, string>;

/** Errors of those who lack the right. */
const REFUSED = ["EPERM", "EACCES"];

/** What must work for who has every right, or nothing is proved of what it opens. */
const POSSIBLE = ["route", "address", "packet"];

async function checkChange(guarded: GuardedCage): Promise<Finding> {
  const { internet } = guarded;
  const { decoy } = internet.addresses;
  // Whatever succeeds here stays.
  const session = await guarded.spare();
  const { inner } = await findSides(session.gateway, guarded);
  const before = await observeVerdicts(session);
  await internet.clear();
  const attempt = async (user: ProbeUser) => {
    const probe = run("change", ["python3", "-c", change, inner, decoy]);
    return readAttempts((await session.probe([probe], user)).get("change"));
  };
  const [agent, root] = await Promise.all([attempt("agent"), attempt("root")]);
  const open = await attempt("privileged");
  const leaks = await tellLeaks(internet);
  const control = raw("control", { host: decoy, port: 443, waitMs: SILENCE_MS });
  const [after] = await Promise.all([observeVerdicts(session), internet.probe([control])]);
  const changed = [...tellChanged("the agent", agent), ...tellChanged("root", root)];
  return toFinding({
    seen: `${count(changed.length, "change")}, ${count(leaks.length, "packet")}`,
    open: [
      ...leaks,
      ...changed,
      ...(before === after ? [] : [`verdicts were ${before} and are ${after}`]),
    ],
    missing: [
      ...[agent, root].filter((each) => Object.keys(each).length === 0)
        .map(() => "an attempt to change without the right said nothing"),
      ...POSSIBLE.filter((name) => open[name] !== "ok")
        .map((name) => `${name}, with every right: ${open[name] ?? "nothing is known"}`),
      ...(before === VERDICTS ? [] : [`verdicts are ${before}`]),
      ...tellUnseen(await internet.events(), [{ protocol: "tcp", to: decoy, port: 443 }]),
    ],
  });
}

/** Statuses of an allowed host and of another. */
const VERDICTS = "200 403";

async function observeVerdicts(session: ProbedSession): Promise<string> {
  const status = (host: string) =>
    curl(host, ["-o", "/dev/null", "-w", "%{http_code}", `http://${host}/`]);
  const outcomes = await session.probe([status("allowed.test"), status("evil.test")]);
  return outcomes.all.map(({ data }) => data).join(" ");
}

function readAttempts({ data }: Outcome): Attempts {
  try {
    return JSON.parse(data).changes;
  } catch {
    // It ended early: nothing is known.
    return {};
  }
}

/** A line for each attempt that nobody refused. Pure. */
function tellChanged(who: string, attempts: Attempts): string[] {
  return Object.entries(attempts).filter(([, code]) => !REFUSED.includes(code))
    .map(([name, code]) => `${who} changes ${name}: ${code}`);
}
