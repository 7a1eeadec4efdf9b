import type { Finding } from "../case.ts";
import type { ProbedSession } from "../internet/guarded.ts";
import { type SecretCase, type SecretsGiven, SITE } from "./given.ts";
import { ask, BEARER, isBearer } from "./asking.ts";
import { observeMachine, observeSession, PROCESSES, searchInside } from "./places.ts";
import { listArrivals, listValuesIn, lookFor } from "./seen.ts";

const SUITE = "secrets";

type Search = {
  /** Where values were found that must be nowhere. */
  evidence: string[];
  /** Where the same search found a placeholder. */
  control: string[];
  /** The list of this machine's processes names the session's. */
  hasProcesses: boolean;
  /** How many of the user's own secrets were looked for as well. */
  own: number;
};

/** Searches everything that is written down of a session, inside and out. */
async function searchAll(given: SecretsGiven, session: ProbedSession): Promise<Search> {
  const { guarded: { cage }, secrets, host, sinceMs } = given;
  const { key, body, other } = secrets;
  const texts = Object.fromEntries([
    ...[key, body, other].map(({ name, value }) => [name, value]),
    ["placeholder", key.placeholder],
  ]);
  const [agent, root, told, machine, own] = await Promise.all([
    searchInside(session, { texts, sinceMs, user: "agent" }),
    searchInside(session, { texts, sinceMs, user: "root" }),
    observeSession(session, cage),
    observeMachine(session, { id: cage.id, dir: cage.dir, host }),
    given.own(),
  ]);
  const inside = [agent, root].flatMap(({ found }) =>
    Object.entries(found).flatMap(([name, places]) => places.map((place) => [name, place] as const))
  );
  const outside = [...told, ...machine];
  // The user's values never go inside to be looked for: what is there comes out instead.
  const sessions = [
    ...told,
    { where: "variables and arguments inside", text: `${agent.processes}\n${root.processes}` },
  ];
  return {
    evidence: [
      ...inside.filter(([name]) => name !== "placeholder")
        .map(([name, place]) => `the value of ${name}, inside in ${place}`),
      ...outside.flatMap(({ where, text }) =>
        listValuesIn(text, secrets).map((what) => `${what}, in ${where}`)
      ),
      ...sessions.flatMap(({ where, text }) =>
        [...own].filter(([, value]) => text.includes(value))
          .map(([name]) => `the value of your ${name}, in ${where}`)
      ),
    ],
    control: [
      ...inside.filter(([name]) => name === "placeholder").map(([, place]) => place),
      ...outside.filter(({ text }) => text.includes(key.placeholder)).map(({ where }) => where),
    ],
    hasProcesses: machine.some(({ where, text }) =>
      where === PROCESSES && text.includes(session.gateway)
    ),
    own: own.size,
  };
}

async function checkNowhere(given: SecretsGiven): Promise<Finding> {
  const session = await given.guarded.session();
  const { evidence, control, hasProcesses, own } = await searchAll(given, session);
  const yours = own === 0 ? "" : `, ${own} of your own not in variables either`;
  return {
    held: evidence.length === 0,
    control: control.some((place) => /^\/proc\/\d+\/environ$/.test(place)) &&
      control.includes("docker inspect") &&
      control.some((place) => place.endsWith(".compose.yml")) && hasProcesses,
    seen: `${evidence.length} values inside and out; ` +
      `the same search finds the placeholder${yours}`,
    evidence,
  };
}

/** Whether the gateway puts the value in, as it does again once it was started again. */
async function isPutIn({ guarded, secrets }: SecretsGiven, path: string): Promise<boolean> {
  await guarded.probe([
    ask("use", `${BEARER} https://${SITE.own}${path}`),
  ]);
  return listArrivals(await guarded.internet.events()).some((arrival) =>
    arrival.path === path && isBearer(arrival, secrets)
  );
}

async function checkKilled(given: SecretsGiven): Promise<Finding> {
  const { guarded } = given;
  const session = await guarded.session();
  const before = await isPutIn(given, "/before");
  const known = new Set((await searchAll(given, session)).evidence);
  const killed = await guarded.cage.engine.docker(["kill", session.gateway]);
  if (killed.code !== 0) throw new Error(`docker kill: ${killed.stderr.trim()}`);
  const after = await lookFor(async () => await isPutIn(given, "/after") || undefined);
  const { evidence: found, control } = await searchAll(given, session);
  // What was there before is another case's to tell.
  const evidence = found.filter((line) => !known.has(line));
  return {
    held: evidence.length === 0,
    control: before && after === true && control.length > 0,
    seen: `${evidence.length} values after a kill; put in again by the next one`,
    evidence,
  };
}

/** Where a value could be left lying. */
export const KEPT_CASES: readonly SecretCase[] = [
  {
    id: "S01",
    suite: SUITE,
    title: "the real value is nowhere an agent or a log could have it from",
    threat: "what is in a variable, a file or an argument is read by every program beside it",
    expectation:
      "in no variable, argument or file inside, nowhere in what the engine and this machine keep of the session; the same search finds the placeholder",
    source: "github/gh-aw-firewall, alcatrazer, tjor",
    brokenBy: "the agent is given the values as well",
    quick: false,
    check: checkNowhere,
  },
  {
    id: "S16",
    suite: SUITE,
    title: "a gateway that is killed leaves no value behind",
    threat: "what was written down to start again is found by whoever reads the disk",
    expectation: "no value anywhere after the kill; the next gateway puts it in as before",
    source: "sandcage",
    brokenBy: "a gateway that ends has its policy written to the log",
    quick: false,
    check: checkKilled,
  },
];
