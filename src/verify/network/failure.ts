import { join } from "node:path";
import { CONFIG_FILE } from "../../names.ts";
import { pause } from "../../pause.ts";
import type { GuardedCage, ProbedSession } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome, Probe } from "../internet/probe/types.ts";
import { curl, everyProxy, raw } from "../internet/probes.ts";
import { isAnswered, tellOthers, toFinding, type Told } from "./judge.ts";

type Lines = Pick<Told, "open" | "missing">;

/** What the gateway may ask and dial while it works. */
const KNOWN = { names: ["allowed.test"], echo: true };

/** Longest wait for an answer that nobody is there to give, in seconds; curl's `-m`. */
const SILENT_S = "1";

/** Longest time until a gateway is there again, and between two looks, in milliseconds. */
const BACK_MS = 15_000;
const LOOK_MS = 100;

const isSilent = (outcome: Outcome) => !isAnswered(outcome);

/** Ways out that are tried while there is no gateway. */
function planWaysOut(decoy: string): Probe[] {
  return [
    curl("by the proxy", ["-m", SILENT_S, "http://allowed.test/"]),
    curl("without", ["-m", SILENT_S, "http://allowed.test/"], { env: everyProxy(null) }),
    curl("to one that is not allowed", ["-m", SILENT_S, "http://shared.test/"]),
    raw("to an address", { host: decoy, port: 443, waitMs: 500 }),
  ];
}

/** What of the policy in force does not hold: one host is allowed, the other is not. */
async function tellPolicy(
  session: ProbedSession,
  { when, waitS }: { when: string; waitS: number },
): Promise<Lines> {
  const wait = ["-m", String(waitS)];
  const outcomes = await session.probe([
    curl(`allowed, ${when}`, [...wait, "http://allowed.test/"]),
    curl(`not allowed, ${when}`, [...wait, "http://shared.test/"]),
    curl(`not allowed, no proxy, ${when}`, [...wait, "http://shared.test/"], {
      env: everyProxy(null),
    }),
  ]);
  const [allowed, ...others] = outcomes.all;
  return { open: tellOthers(others, isSilent), missing: tellOthers([allowed!], isAnswered) };
}

/** The same once the allowed host answers again, or when it never does. */
async function waitBack(session: ProbedSession): Promise<Lines> {
  for (const deadline = performance.now() + BACK_MS;;) {
    const told = await tellPolicy(session, { when: "after it was gone", waitS: 3 });
    const isBack = told.missing.length === 0;
    if (isBack || told.open.length > 0 || performance.now() > deadline) return told;
    await pause(LOOK_MS);
  }
}

async function tryPaused(
  { internet, cage }: GuardedCage,
  session: ProbedSession,
): Promise<string[]> {
  const paused = await cage.engine.docker(["pause", session.gateway]);
  if (paused.code !== 0) throw new Error(`docker pause: ${paused.stderr.trim()}`);
  try {
    const { all } = await session.probe(planWaysOut(internet.addresses.decoy));
    return [...await tellLeaks(internet), ...tellOthers(all, isSilent)];
  } finally {
    await cage.engine.docker(["unpause", session.gateway]);
  }
}

async function tryKilled(
  { internet, cage }: GuardedCage,
  session: ProbedSession,
): Promise<Lines> {
  const killed = await cage.engine.docker(["kill", session.gateway]);
  if (killed.code !== 0) throw new Error(`docker kill: ${killed.stderr.trim()}`);
  // It may be there again at once: what is allowed may pass.
  const { all } = await session.probe(planWaysOut(internet.addresses.decoy));
  const others = all.filter(({ id }) => id.startsWith("to "));
  const back = await waitBack(session);
  const leaks = await tellLeaks(internet, KNOWN);
  return { ...back, open: [...leaks, ...tellOthers(others, isSilent), ...back.open] };
}

/** Puts a configuration in the way of a session that nobody can read. It stays there. */
async function tryBroken({ cage }: GuardedCage, session: ProbedSession): Promise<string[]> {
  await Deno.mkdir(cage.project.path, { recursive: true });
  await Deno.writeTextFile(join(cage.project.path, CONFIG_FILE.project), "network: [\n");
  const outcome = await session.reload();
  const { open, missing } = await tellPolicy(session, {
    when: "after a broken change",
    waitS: 10,
  });
  // The policy in force stays as a whole: what it allowed is allowed.
  return [
    ...(outcome === "rejected" ? [] : [`the broken change was ${outcome}`]),
    ...open,
    ...missing,
  ];
}

/** What happens when the gateway does not. */
export const FAILURE_CASES: readonly GuardedCase[] = [{
  id: "N20",
  suite: "network",
  title:
    "a gateway that is killed, paused or told nonsense lets nothing out that it did not before",
  threat: "an agent that brings the gateway down, or a slip in a file, opens the way out",
  expectation:
    "0 bytes while it is paused or gone; it comes back by itself with the same policy, which a broken change does not touch",
  source: "agentcage",
  brokenBy: "a gateway that is started again allows another host",
  quick: false,
  async check(guarded) {
    const session = await guarded.spare();
    const paused = await tryPaused(guarded, session);
    const killed = await tryKilled(guarded, session);
    const broken = await tryBroken(guarded, session);
    const leaks = await tellLeaks(guarded.internet, KNOWN);
    return toFinding({
      seen:
        "0 bytes while it stood still or was gone, the same policy after, a broken change refused",
      open: [...paused, ...killed.open, ...broken, ...leaks],
      missing: killed.missing,
    });
  },
}];
