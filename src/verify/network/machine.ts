import type { Finding } from "../case.ts";
import type { GuardedCage, ProbedSession, ProbeUser } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Probe } from "../internet/probe/types.ts";
import { connect, raw, udp } from "../internet/probes.ts";
import { findAddresses } from "./container_addresses.ts";
import { listenEverywhere } from "./host_listener.ts";
import { count, tellOthers, toFinding } from "./judge.ts";
import { ANSWER_MS, SILENCE_MS, tellUnseen } from "./outside.ts";

const SUITE = "network";

/** What stands near the cage: the machine it is on, and other cages. */
export const MACHINE_CASES: readonly GuardedCase[] = [
  {
    id: "N16",
    suite: SUITE,
    title: "nothing that listens on this machine is reached over IPv4, not even with every right",
    threat: "services of the machine that ask nobody for a password take commands from the cage",
    expectation:
      "a listener on every address of the machine hears nothing over TCP and UDP, from the agent, from root and from a container beside it; the machine itself is heard at each address",
    source: "agentcage#210, moby/libnetwork#1151",
    brokenBy: "the machine has an address on the cage's network",
    quick: false,
    check: checkMachine,
  },
  {
    id: "N17",
    suite: SUITE,
    title: "other cages are not reached, and a gateway listens for its own agent alone",
    threat: "a cage speaks through another one's gateway, with its rights and secrets",
    expectation:
      "nobody reaches the other agent or its gateway; the own gateway has the ports of its policy and no other, and none toward the internet; the other agent reaches itself",
    source: "tjor",
    brokenBy: "the gateway listens on every address",
    quick: false,
    check: checkNeighbours,
  },
];

const USERS: readonly ProbeUser[] = ["agent", "root", "privileged"];

/** Names by which engines know the machine, and the address its bridge would have. */
const MACHINE = ["host.docker.internal", "gateway.docker.internal", "localhost", "@bridge"];

async function checkMachine({ internet, session }: GuardedCage): Promise<Finding> {
  await using listener = await listenEverywhere();
  const { port } = listener;
  const open = await session();
  const addresses = Deno.networkInterfaces()
    .filter(({ family, address }) => family === "IPv4" && !address.startsWith("127."))
    .map(({ address }) => address);
  const places = [...new Set([...addresses, "172.17.0.1", ...MACHINE])];
  const probes = places.flatMap((host) => [
    raw(`tcp ${host}`, { host, port, waitMs: SILENCE_MS }),
    udp(`udp ${host}`, { host, port, hex: "00ff", waitMs: SILENCE_MS }),
    connect(`connect ${host}`, `${host}:${port}`),
    connect(`connect ${host} 443`, `${host}:443`),
  ]);
  await Promise.all(USERS.map((user) => open.probe(probes, user)));
  const visits = listener.seen();
  const deaf: string[] = [];
  for (const address of addresses) {
    deaf.push(...(await listener.findDeaf(address)).map((kind) => `${kind} at ${address}`));
  }
  const tries = count(probes.length * USERS.length, "probe");
  return toFinding({
    seen: `${count(visits.length, "visit")} in ${tries}`,
    open: [...visits.map((line) => `a visit by ${line}`), ...await tellLeaks(internet)],
    missing: deaf,
  });
}

/** Ports of a gateway whose policy has a rule for 8443 as well. */
const OPEN = [53, 80, 443, 3128, 8443];

/** Where programs like to be asked what they do, and where the neighbour listens. */
const PORTS = [...OPEN, 22, 7777, 8080, 9229, 9090, 2375, 5353];

/** Says who it is to whoever connects, and stays when its first process has ended. */
const NEIGHBOUR = `
import os, socket
server = socket.create_server(("0.0.0.0", 7777))
if os.fork() == 0:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    while True:
        visitor, _ = server.accept()
        visitor.sendall(b"neighbour")
        visitor.close()
`;

/** Time for a port of the own gateway, in milliseconds: a closed one says so at once. */
const SCAN_MS = 2_000;

async function checkNeighbours(guarded: GuardedCage): Promise<Finding> {
  const { internet } = guarded;
  const [session, other] = await Promise.all([guarded.session(), guarded.spare()]);
  const { engine } = guarded.cage;
  const [own, agents, gateways] = await Promise.all([
    findAddresses(session.gateway, engine),
    findAddresses(other.container, engine),
    findAddresses(other.gateway, engine),
  ]);
  const agent = agents.map(({ address }) => address);
  const gateway = gateways.map(({ address }) => address);
  const outer = [...own, ...gateways].filter(({ network }) => network === internet.network);
  const reached = await meetNeighbour(other, agent[0]!);
  const direct = [
    ...agent.map((host) => raw(`agent ${host}`, { host, port: 7777, waitMs: SILENCE_MS })),
    ...gateway.flatMap((host) => listPorts(host)),
  ];
  const tunnelled = [...agent, ...gateway].flatMap((host) => [
    connect(`connect ${host}`, `${host}:7777`),
    connect(`connect ${host} 3128`, `${host}:3128`),
  ]);
  await internet.clear();
  const [scanned, ...tried] = await Promise.all([
    scanGateway(session),
    ...(["agent", "root"] as const).map((user) => session.probe([...direct, ...tunnelled], user)),
  ]);
  const leaks = await tellLeaks(internet);
  const control = raw("control", { host: internet.addresses.decoy, port: 443, waitMs: SILENCE_MS });
  const outside = await internet.probe([
    ...outer.flatMap(({ address }) => listPorts(address)),
    control,
  ]);
  const met = [
    ...tried.flatMap(({ all }) =>
      tellOthers(all, ({ head, reached }) => isClosed({ head, reached }))
    ),
    ...tellOthers(
      outside.all.filter(({ id }) => id !== control.id),
      ({ reached }) => reached === "nothing",
    ),
  ];
  return toFinding({
    seen: `${count(met.length, "neighbour")} met, ${count(scanned.length, "port")} open`,
    open: [
      ...leaks,
      ...met,
      ...scanned.filter((port) => !OPEN.includes(port)).map((port) => `port ${port} is open`),
    ],
    missing: [
      ...OPEN.filter((port) => !scanned.includes(port)).map((port) => `port ${port} is not open`),
      ...(reached ? [] : ["the other agent does not reach itself"]),
      ...tellUnseen(await internet.events(), [
        { protocol: "tcp", to: internet.addresses.decoy, port: 443 },
      ]),
    ],
  });
}

function listPorts(host: string): Probe[] {
  return PORTS.map((port) => raw(`${host}:${port}`, { host, port, waitMs: SILENCE_MS }));
}

/** Nobody answered; of a tunnel only its gateway, which refused. Pure. */
function isClosed({ head, reached }: { head?: string | undefined; reached: string }): boolean {
  return reached === "nothing" || (head !== undefined && reached === "tcp");
}

/** Ports of the own gateway that take connections. */
async function scanGateway(session: ProbedSession): Promise<number[]> {
  const low = Array.from({ length: 1024 }, (_, index) => index + 1);
  const ports = [...new Set([...low, ...PORTS])];
  const found = await findOpen(session, ports, SCAN_MS);
  // A thousand at once may leave one that is known to be open waiting for too long.
  const late = OPEN.filter((port) => !found.includes(port));
  return late.length === 0 ? found : [...found, ...await findOpen(session, late, ANSWER_MS)];
}

async function findOpen(
  session: ProbedSession,
  ports: readonly number[],
  waitMs: number,
): Promise<number[]> {
  const outcomes = await session.probe(
    ports.map((port) => raw(`${port}`, { host: "@gateway", port, waitMs })),
  );
  return outcomes.all.filter(({ reached }) => reached !== "nothing").map(({ id }) => Number(id));
}

/** Has the other agent listen, and tells whether it reaches itself. */
async function meetNeighbour(other: ProbedSession, host: string): Promise<boolean> {
  await other.run(["python3", "-c", NEIGHBOUR], { user: "agent" });
  const outcomes = await other.probe([raw("itself", { host, port: 7777 })]);
  return outcomes.get("itself").data === "neighbour";
}
