import type { Finding } from "../case.ts";
import { textOf } from "../internet/evidence.ts";
import type { Probe } from "../internet/probe/types.ts";
import type { SecretsGiven } from "./given.ts";
import { isDenied, listValuesIn } from "./seen.ts";

/** Something to be sent, in one way each; the same is tried with a value that is nobody's. */
export type Way = readonly [what: string, probe: (id: string, text: string) => Probe];

/** Only a cage that stops what it finds can be tried: one that tells of it lets it out. */
export async function whereStopped(
  { guarded }: SecretsGiven,
  check: () => Promise<Finding>,
): Promise<Finding | { notApplicable: string }> {
  const { secrets } = guarded.cage.config.inspect;
  if (secrets === "block") return await check();
  return { notApplicable: `inspect.secrets is ${secrets}: what is found is not stopped` };
}

/** How the gateway ends a WebSocket that it stops, RFC 6455 section 7.4.1. */
const POLICY_CLOSE = 1008;

/** Sends a value and one like it in many ways: the one stops, the other arrives. */
export async function judgeWays(
  { guarded, secrets }: SecretsGiven,
  ways: readonly Way[],
): Promise<Finding> {
  const unreal = `tried-none-${crypto.randomUUID()}/+=77ab`;
  const outcomes = await guarded.probe(ways.flatMap(([what, probe]) => [
    probe(what, secrets.body.value),
    probe(`control ${what}`, unreal),
  ]));
  const arrived = listValuesIn(textOf(await guarded.internet.events()), secrets);
  // A WebSocket says a message back as it is, in a list of all.
  const isSent = (id: string) => /"request":\d|^\["/.test(outcomes.get(id).data);
  const passed = ways.filter(([what]) => isSent(what));
  const untold = ways.filter(([what]) => {
    const { data, code } = outcomes.get(what);
    const isStopped = isDenied(data, "secret-leak", "encoding") || code === POLICY_CLOSE;
    return !isStopped || !isSent(`control ${what}`);
  });
  const evidence = [
    ...passed.map(([what]) => `${what}: sent on`),
    ...arrived.map((what) => `${what}, arrived`),
  ];
  return {
    held: evidence.length === 0,
    control: untold.length === 0,
    seen: untold.length === 0
      ? `${ways.length} ways, ${evidence.length} arrived; each arrived with a random value`
      : `cannot be told of: ${untold.slice(0, 3).map(([what]) => what).join(", ")}`,
    evidence,
  };
}
