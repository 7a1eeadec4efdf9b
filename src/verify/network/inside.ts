import type { Finding } from "../case.ts";
import type { GuardedCage } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome } from "../internet/probe/types.ts";
import { curl, everyProxy, raw, run } from "../internet/probes.ts";
import { count, isAnswered, isEchoOf, tellOthers, toFinding } from "./judge.ts";
import { SILENCE_MS, tellUnseen } from "./outside.ts";

const SUITE = "network";

/** What leads to an address that no cage may reach, by itself or by a name that is allowed. */
export const INSIDE_CASES: readonly GuardedCase[] = [
  {
    id: "N14",
    suite: SUITE,
    title: "metadata services answer nobody, not even under an allowed name",
    threat: "a cloud hands the machine's own credentials to whoever asks from it",
    expectation:
      "no packet to any of their addresses, with a proxy and without one; the allowed name works as soon as it leads elsewhere",
    source: "gh-aw-firewall",
    brokenBy: "a metadata address counts as any other",
    quick: false,
    check: checkMetadata,
  },
  {
    id: "N15",
    suite: SUITE,
    title: "an allowed name that leads inside, at once or later, is not followed",
    threat: "whoever owns an allowed name turns the gateway against the networks around it",
    expectation:
      "no packet to any address of no public kind, also when a good one stands beside it or came before; the same name with a good address works",
    source: "tjor, crabbox#912, vibeD#87",
    brokenBy: "private addresses count as public",
    quick: false,
    check: checkRebinding,
  },
];

const METADATA = "169.254.169.254";

const URLS = [
  `http://${METADATA}/latest/meta-data/`,
  "http://metadata.google.internal/computeMetadata/v1/",
  "http://[fd00:ec2::254]/latest/",
  "http://100.100.100.200/latest/",
  "http://meta.test/latest/meta-data/",
  "https://meta.test/latest/meta-data/",
];

/** What two clouds want to see before they answer. */
const HEADERS = ["Metadata-Flavor: Google", "X-aws-ec2-metadata-token-ttl-seconds: 60"];

/** Addresses no name may lead to: this machine, its networks, the cloud's, and nobody's. */
const HOSTILE = [
  ...["127.0.0.1", "10.0.0.5", "172.17.0.1", "192.168.1.1", METADATA, "0.0.0.0"],
  ...["100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.8", "240.0.0.1"],
];

/** Seconds for a way that must be none. */
const DIRECT_S = "1.5";

/** Time for all fetches of one probe, in milliseconds. */
const FETCHES_MS = 40_000;

/** Each fetch in a process of its own, so that none takes the connection of the one before. */
const FETCHES = 'for url; do curl -s -m 10 "$url" && echo; done; true';

async function checkMetadata({ internet, probe }: GuardedCage): Promise<Finding> {
  internet.script("meta.test", { answers: [[METADATA]] });
  // A packet says enough of what goes past the gateway; nobody waits for its answer.
  const args = HEADERS.flatMap((header) => ["-H", header]);
  const probes = URLS.flatMap((url) => [
    curl(`${url}, proxy`, [...args, url]),
    curl(`${url}, no proxy`, ["-m", DIRECT_S, ...args, url], { env: everyProxy(null) }),
  ]);
  const outcomes = await probe(probes);
  const leaks = await tellLeaks(internet, { names: ["meta.test"] });
  internet.script("meta.test", { answers: [[internet.addresses.echo]] });
  const [fetched] = await Promise.all([
    probe([curl("meta.test", ["http://meta.test/"])]),
    internet.probe([raw("control", { host: METADATA, port: 80, waitMs: SILENCE_MS })]),
  ]);
  const place = { protocol: "tcp", to: METADATA, port: 80 };
  return toFinding({
    seen: `${count(leaks.length, "packet")} of ${count(probes.length, "request")}`,
    open: [...leaks, ...tellOthers(outcomes.all, (outcome) => !isAnswered(outcome))],
    missing: [
      ...tellUnseen(await internet.events(), [place]),
      ...tellOthers(fetched.all, isEchoOf("meta.test")),
    ],
  });
}

async function checkRebinding({ internet, probe }: GuardedCage): Promise<Finding> {
  const { echo } = internet.addresses;
  const names = ["rebind.test", "mixed.test", "flip.test"];
  internet.script("rebind.test", { answers: HOSTILE.map((address) => [address]) });
  // One good address among bad ones opens nothing.
  internet.script("mixed.test", { answers: [[echo, "10.0.0.5"]] });
  const outcomes = await probe([
    // One after the other: fetches at the same time may share one question.
    fetchAll("rebound", HOSTILE.map(() => "https://rebind.test/")),
    curl("mixed", ["http://mixed.test/"]),
  ]);
  const before = await tellLeaks(internet, { names });
  const asked =
    (await internet.events()).filter((event) =>
      event.kind === "dns" && event.name === "rebind.test"
    ).length;
  // Each fetch is one question, and what is dialed is its answer.
  internet.script("flip.test", { answers: [["10.0.0.5"], [echo], ["10.0.0.5"]] });
  internet.script("rebind.test", { answers: [[echo]] });
  const after = await probe([
    fetchAll("flip", Array(3).fill("https://flip.test/")),
    curl("rebind.test", ["https://rebind.test/"]),
  ]);
  const leaks = [...before, ...await tellLeaks(internet, { names, echo: true })];
  for (const name of names) internet.script(name, { answers: [[echo]] });
  const flipped = countAnswers(after.get("flip"));
  return toFinding({
    seen: `${count(leaks.length, "packet")} to ${count(HOSTILE.length, "hostile answer")}`,
    open: [
      ...new Set(leaks),
      ...tellOthers([outcomes.get("rebound"), outcomes.get("mixed")], (one) => !isAnswered(one)),
      ...(flipped > 1 ? [`flip.test: ${flipped} fetches of one good answer`] : []),
    ],
    missing: [
      ...tellOthers([outcomes.get("mixed")], ({ data }) => data.includes('"reason":"address"')),
      ...(asked === HOSTILE.length ? [] : [`${asked} of ${HOSTILE.length} answers asked for`]),
      ...(flipped === 0 ? ["flip.test: no fetch of the good answer"] : []),
      ...tellOthers([after.get("rebind.test")], isEchoOf("rebind.test")),
    ],
  });
}

function fetchAll(id: string, urls: readonly string[]) {
  return run(id, ["bash", "-c", FETCHES, "bash", ...urls], { timeoutMs: FETCHES_MS });
}

/** How many of several fetches a host answered, a line each. */
function countAnswers({ data }: Outcome): number {
  return data.split("\n").filter((line) => isAnswered({ data: line } as Outcome)).length;
}
