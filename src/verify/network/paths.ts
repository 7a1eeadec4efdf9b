import { requestsOf } from "../internet/evidence.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome, Probe } from "../internet/probe/types.ts";
import { curl } from "../internet/probes.ts";
import { count, tellOthers, toFinding } from "./judge.ts";

/** Below `/public` alone is allowed; some server takes each of these for something else. */
const WRONG = [
  ...["/", "/secret", "/public-evil", "/Public", "/public/../secret", "/public/%2e%2e/secret"],
  ...["/public/%252e%252e/secret", "/public/..%2fsecret", "/public/%2e%2e%5csecret"],
  ...["/public/..;/secret", "/public;/../secret", "//secret", "/public/.%2e/secret"],
  ...["/public\\..\\secret", "/public%2f..%2fsecret", "/x/../public/../secret", "/public%00"],
  ...["/%70ublic/../%73ecret", "/public/%c0%ae%c0%ae/secret", "/public/x%3f/../../secret"],
].map((path) => `https://path.test${path}`);

/** `/private` and all below is blocked; some server takes each of these for it. */
const BLOCKED = [
  ...["/private", "/private/x", "/%70rivate", "/x/../private", "//private", "/./private"],
  ...["/%2570rivate", "/private;x=1", "/private%2fx", "/x/%2e%2e/private/", "/\\private"],
  ...["/private?x=1", "/x/..;/private", "/private/../private"],
].map((path) => `https://big.test${path}`);

/** What the rules allow. */
const RIGHT = [
  ...["/public", "/public/", "/public/x", "/public?x=/../secret", "/%70ublic/x", "/x/../public/y"]
    .map((path) => `https://path.test${path}`),
  ...["/", "/public", "/privateer", "/x/private"].map((path) => `https://big.test${path}`),
];

/** Some server takes a request that carries one of these for another than it is. */
const OVERRIDES = [
  ...["X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Forwarded-Uri", "x_original_url"]
    .map((name) => `${name}: /secret`),
  ...["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"]
    .map((name) => `${name}: DELETE`),
];
/** One host with a rule for a path, one with a block of a path. */
const NARROWED = ["https://path.test/public", "https://big.test/"];
/** Nothing tells its requests apart; it is opened to be looked into. */
const WHOLE = "https://inject.test/";

/** A POST, which servers that know such headers want. */
function override(url: string, header: string): Probe {
  return curl(`${url} with ${header}`, ["-X", "POST", "-H", header, url]);
}

/** What is wrong with a path as it arrived, for whoever reads it next; nothing where it is right. Pure. */
export function findSentProblem(url: string, target: string): string | undefined {
  const sent = target.replace(/\?.*/, "");
  if (/\.\.|\\|\/\/|%2e/i.test(sent)) return `something is left to resolve in ${sent}`;
  const path = decodeURIComponent(sent);
  const isAllowed = url.startsWith("https://path.test/")
    ? /^\/public(\/|$)/.test(path)
    : !/^\/private(\/|$)/.test(path);
  return isAllowed ? undefined : `${sent} arrived`;
}

function findTarget({ data }: Outcome): string | undefined {
  return /"request":\d.*"target":"([^"]*)"/.exec(data)?.[1];
}

/** Rules with paths. */
export const PATH_CASES: readonly GuardedCase[] = [{
  id: "N18",
  suite: "network",
  title: "a path is judged as any server may read it, and sent as it was judged",
  threat: "a path in another spelling is allowed here and means something else at its host",
  expectation:
    "each spelling of a path that is not allowed or blocked is refused, and each header that names another request; plain ones arrive with nothing left to resolve, and such headers where no rule tells requests apart",
  source: "membrane, bjorges/tjor",
  brokenBy: "a path is read in one way only",
  quick: false,
  async check({ internet, probe }) {
    const fetch = (url: string) => curl(url, ["--path-as-is", "-g", url]);
    const named = [
      ...NARROWED.flatMap((url) => OVERRIDES.map((header) => override(url, header))),
      ...NARROWED.map((url) => fetch(`${url}?_method=DELETE`)),
    ];
    const outcomes = await probe([...[...WRONG, ...BLOCKED].map(fetch), ...named]);
    const leaks = await tellLeaks(internet, { names: ["path.test", "big.test"] });
    const controls = await probe(RIGHT.map(fetch));
    await probe(OVERRIDES.map((header) => override(WHOLE, header)));
    const arrived = requestsOf(await internet.events())
      .flatMap(({ headers }) => headers.map((pair) => pair.join(": ").toLowerCase()));
    const sent = controls.all.flatMap((outcome) => {
      const target = findTarget(outcome);
      const problem = target === undefined ? undefined : findSentProblem(outcome.id, target);
      return problem === undefined ? [] : [`${outcome.id}: ${problem}`];
    });
    return toFinding({
      seen: `${count(WRONG.length + BLOCKED.length, "path")} and ${
        count(named.length, "override")
      } refused, ${count(RIGHT.length, "path")} sent as judged`,
      open: [
        ...leaks,
        ...tellOthers(outcomes.all, ({ data }) => /"blocked":true/.test(data)),
        ...sent,
      ],
      missing: [
        ...tellOthers(controls.all, (outcome) => findTarget(outcome) !== undefined),
        ...OVERRIDES.filter((header) => !arrived.includes(header.toLowerCase()))
          .map((header) => `${header} arrives at ${WHOLE}`),
      ],
    });
  },
}];
