import type { Finding } from "../case.ts";
import { formatQuery } from "../internet/dns_query.ts";
import { wasSeen } from "../internet/evidence.ts";
import type { GuardedCage } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Internet } from "../internet/internet.ts";
import type { Probe } from "../internet/probe/types.ts";
import { curl, everyProxy, raw, run, udp } from "../internet/probes.ts";
import { readAnswer } from "./answer.ts";
import { count, tellOthers, toFinding } from "./judge.ts";
import { ANSWER_MS, SILENCE_MS, tellUnseen } from "./outside.ts";

const SUITE = "network";

/** Addresses somewhere and in private networks: none may be reached, whoever has it. */
const ELSEWHERE = ["10.0.0.5", "1.1.1.1"];

/** What leaves the cage for an address, whatever the way. */
export const REACH_CASES: readonly GuardedCase[] = [
  {
    id: "N01",
    suite: SUITE,
    title: "raw TCP to any address and port reaches nobody",
    threat: "a program that ignores the proxy sends what it has read to anybody",
    expectation:
      "no connection comes about and no packet arrives; the same tries from beside the gateway arrive, each of them",
    source: "tjor, membrane",
    brokenBy: "the agent is on the network of the way out",
    quick: false,
    check: checkTcp,
  },
  {
    id: "N02",
    suite: SUITE,
    title: "IPv6 reaches nobody, and the cage has no address of it",
    threat: "a wall of IPv4 rules is walked around",
    expectation:
      "no packet arrives, no AAAA answer, no address, not even a link-local one; IPv6 from beside the gateway arrives",
    source: "gh-aw-firewall",
    brokenBy: "IPv6 is left on in the cage",
    quick: false,
    check: checkIpv6,
  },
  {
    id: "N03",
    suite: SUITE,
    title: "UDP and ICMP reach nobody",
    threat: "QUIC, a time server's port or the payload of a ping carries data out",
    expectation: "no packet arrives; datagrams and a ping from beside the gateway arrive",
    source: "membrane, agentcage",
    brokenBy: "the agent is on the network of the way out",
    quick: false,
    check: checkDatagrams,
  },
];

/** Ports that are tried at each address. */
const PORTS = [443, 80, 22, 8443];

/** An echo request by an ordinary user, as `ping` sends it. */
const PING = `
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
s.sendto(struct.pack("!BBHHH", 8, 0, 0xf7fe, 0, 1), (sys.argv[1], 0))
`;

/** Times the way over IPv6 is tried from outside before it counts as broken. */
const IPV6_TRIES = 4;

async function checkTcp({ internet, probe }: GuardedCage): Promise<Finding> {
  const { decoy, echo } = internet.addresses;
  const places = [decoy, echo, ...ELSEWHERE]
    .flatMap((to) => PORTS.map((port) => ({ protocol: "tcp", to, port })));
  const probes = places.map(({ to, port }) =>
    raw(`${to}:${port}`, { host: to, port, waitMs: SILENCE_MS })
  );
  const outcomes = await probe(probes);
  const leaks = await tellLeaks(internet);
  await internet.probe(probes);
  return toFinding({
    seen: `${count(leaks.length, "packet")} of ${count(probes.length, "connection")}`,
    open: [...leaks, ...tellOthers(outcomes.all, ({ reached }) => reached === "nothing")],
    missing: tellUnseen(await internet.events(), places),
  });
}

async function checkIpv6({ internet, probe }: GuardedCage): Promise<Finding> {
  const literal = raw("literal", { host: internet.ipv6, port: 443, waitMs: SILENCE_MS });
  const url = `http://[${internet.ipv6}]/`;
  const outcomes = await probe([
    literal,
    curl("curl -6", ["-6", "https://allowed.test/"]),
    curl("literal URL", [url]),
    curl("literal URL, no proxy", [url], { env: everyProxy(null) }),
    udp("AAAA", { hex: formatQuery("allowed.test", { type: "AAAA" }), waitMs: ANSWER_MS }),
    run("addresses", ["cat", "/proc/net/if_inet6"]),
  ]);
  // Through the proxy `curl -6` asks the gateway for the name, which answers over IPv4.
  const leaks = await tellLeaks(internet, { names: ["allowed.test"], echo: true });
  const answer = readAnswer(outcomes.get("AAAA"));
  const addresses = outcomes.get("addresses").data.trim().split("\n").filter(Boolean);
  return toFinding({
    seen: `${count(leaks.length, "packet")}, ${addresses.length} of its addresses`,
    open: [
      ...leaks,
      ...tellOthers([outcomes.get("literal")], ({ reached }) => reached === "nothing"),
      ...addresses.map((line) => `an address inside: ${line}`),
      ...(answer?.rcode === 0 && answer.answers > 0 ? ["AAAA of allowed.test is answered"] : []),
    ],
    missing: [
      ...(answer === undefined ? ["AAAA of allowed.test has no reply"] : []),
      ...(outcomes.get("addresses").code === 0 ? [] : ["no list of addresses inside"]),
      ...await proveIpv6(internet, literal),
    ],
  });
}

/** The control: what it could not reach when it came up, a container holds for absent. */
async function proveIpv6(internet: Internet, literal: Probe): Promise<string[]> {
  const packet = { protocol: "tcp", to: internet.ipv6, port: 443 };
  for (let tries = 1; tries <= IPV6_TRIES; tries++) {
    await internet.probe([literal]);
    if (wasSeen(await internet.events(), packet)) return [];
    await internet.renew();
  }
  return [`no packet to ${internet.ipv6} from outside`];
}

async function checkDatagrams({ internet, probe }: GuardedCage): Promise<Finding> {
  const to = internet.addresses.decoy;
  const ports = [53, 123, 443];
  const probes: Probe[] = [
    ...ports.map((port) => udp(`udp ${port}`, { host: to, port, hex: "00ff", waitMs: SILENCE_MS })),
    run("icmp", ["python3", "-c", PING, to]),
  ];
  await probe(probes);
  const leaks = await tellLeaks(internet);
  await internet.probe(probes);
  return toFinding({
    seen: `${count(leaks.length, "packet")} of ${count(probes.length, "datagram")}`,
    open: leaks,
    missing: tellUnseen(await internet.events(), [
      ...ports.map((port) => ({ protocol: "udp", to, port })),
      { protocol: "icmp", to },
    ]),
  });
}
