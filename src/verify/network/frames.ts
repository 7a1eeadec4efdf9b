import type { Finding } from "../case.ts";
import type { GuardedCage, ProbedSession } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import type { Outcome, Probe } from "../internet/probe/types.ts";
import { curl, run } from "../internet/probes.ts";
import { findSides } from "./container_addresses.ts";
import frames from "./frames.py" with { type: "text" };
import { count, isEchoOf, tellOthers, toFinding } from "./judge.ts";
import { tellUnseen } from "./outside.ts";

const SUITE = "network";
const OURS = "sandcage";

/** What somebody sends who may make frames of his own: every other wall has fallen already. */
export const FRAME_CASES: readonly GuardedCase[] = [
  {
    id: "N31",
    suite: SUITE,
    title: "packets forged under the name of anybody are passed on by nobody",
    threat: "a packet handed to the gateway's hardware under its own address is sent on for it",
    expectation:
      "none of the packets under six senders arrives; one that asks the gateway itself is answered, and the same from beside the gateway arrive",
    source: OURS,
    brokenBy: "the gateway routes between its networks",
    quick: false,
    check: checkForged,
  },
  {
    id: "N32",
    suite: SUITE,
    title: "the gateway answers no IPv6, takes no router and passes no packet on",
    threat:
      "a gateway that listens to router advertisements gets a second way, which nobody guards",
    expectation:
      "no IPv6 frame comes back from the gateway and none arrives outside; the router of the internet answers the same",
    source: OURS,
    brokenBy: "the gateway speaks IPv6",
    quick: false,
    check: checkNeighbours6,
  },
  {
    id: "N33",
    suite: SUITE,
    title: "who claims to be the name server or the way out draws nothing to him",
    threat: "false ARP and redirects turn the gateway's own traffic, secrets put in, into the cage",
    expectation:
      "no packet for a claimed address comes into the cage while the gateway asks for a name and fetches; both work meanwhile",
    source: OURS,
    brokenBy: "the agent is on the network of the way out",
    quick: false,
    check: checkClaims,
  },
];

/** What the program of frames said; nothing where it failed. */
type Said = {
  sent?: number;
  heard?: string[];
  drawn?: string[];
  /** What it tried is known to be taken for what it says. */
  control?: boolean;
};

/** A name of its own, so that it is asked for. */
const FETCHED = "flip.test";

async function checkForged(guarded: GuardedCage): Promise<Finding> {
  const { internet } = guarded;
  const { decoy, dns, gateway } = internet.addresses;
  const session = await guarded.spare();
  const { inner, outer } = await findSides(session.gateway, guarded);
  const said = await sendFrames(session, ["forge", inner, decoy, dns, ...outer]);
  const leaks = await tellLeaks(internet);
  await internet.probe([planFrames(["forge", gateway, decoy])]);
  return toFinding({
    seen: `${count(leaks.length, "packet")} of ${said.sent ?? 0} forged`,
    open: leaks,
    missing: [
      ...(said.control === true ? [] : ["the gateway answers a question made like this"]),
      ...tellUnseen(await internet.events(), [
        { protocol: "udp", to: decoy, port: 53 },
        { protocol: "tcp", to: decoy, port: 443 },
        { protocol: "icmp", to: decoy },
      ]),
    ],
  });
}

async function checkNeighbours6(guarded: GuardedCage): Promise<Finding> {
  const { internet } = guarded;
  const session = await guarded.spare();
  const { inner } = await findSides(session.gateway, guarded);
  const said = await sendFrames(session, ["ipv6", inner, internet.ipv6]);
  const leaks = await tellLeaks(internet);
  const control = planFrames(["ipv6", internet.addresses.gateway, internet.ipv6]);
  const outside = readSaid((await internet.probe([control])).get(control.id));
  const heard = [...new Set(said.heard)];
  return toFinding({
    seen: `${count(heard.length, "answer")}, ${count(leaks.length, "packet")}`,
    open: [...leaks, ...heard.map((address) => `${address} answers`)],
    missing: [
      ...(said.control === true ? [] : ["the gateway is a neighbour of whoever asks"]),
      ...((outside.heard ?? []).length === 0 ? ["the router of the internet answers"] : []),
    ],
  });
}

async function checkClaims(guarded: GuardedCage): Promise<Finding> {
  const { internet } = guarded;
  const { dns, echo, other, gateway } = internet.addresses;
  internet.script(FETCHED, { answers: [[echo]] });
  const session = await guarded.spare();
  const { inner } = await findSides(session.gateway, guarded);
  const claiming = sendFrames(session, ["claim", inner, gateway, dns, echo, other]);
  const over = { yet: false };
  claiming.then(() => over.yet = true, () => over.yet = true);
  const fetched: Outcome[] = [];
  do {
    fetched.push(...(await session.probe([curl("fetch", [`https://${FETCHED}/`])])).all);
  } while (!over.yet);
  const said = await claiming;
  const drawn = [...new Set(said.drawn)];
  const questions = (await internet.events()).filter(({ kind }) => kind === "dns").length;
  return toFinding({
    seen: `${count(said.drawn?.length ?? 0, "packet")} drawn in ${
      count(fetched.length, "request")
    }`,
    open: [...drawn, ...await tellLeaks(internet, { names: [FETCHED], echo: true })],
    missing: [
      ...(said.control === true ? [] : ["the gateway is a neighbour of whoever claims"]),
      ...tellOthers(fetched, isEchoOf(FETCHED)),
      ...(questions >= fetched.length ? [] : [`${questions} questions for ${fetched.length}`]),
    ],
  });
}

function planFrames(args: readonly string[]): Probe {
  return run("frames", ["python3", "-c", frames, ...args]);
}

async function sendFrames(session: ProbedSession, args: readonly string[]): Promise<Said> {
  const outcomes = await session.probe([planFrames(args)], "privileged");
  return readSaid(outcomes.get("frames"));
}

function readSaid({ data }: Outcome): Said {
  try {
    return JSON.parse(data);
  } catch {
    // It ended early: what it should have said is missing.
    return {};
  }
}
