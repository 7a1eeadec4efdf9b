import { ASK_NOW, isHearing, observeReturnPath } from "../../setup/return_path.ts";
import type { Finding } from "../case.ts";
import type { GuardedCage, ProbeUser } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import { run } from "../internet/probes.ts";
import call from "./call.py" with { type: "text" };
import { listenEverywhere } from "./host_listener.ts";
import { toFinding } from "./judge.ts";
import { tellUnseen } from "./outside.ts";

/** What is for everybody on a network. */
export const CALL_CASES: readonly GuardedCase[] = [
  {
    id: "N34",
    suite: "network",
    title: "nobody outside hears what the cage calls to everybody: broadcasts, mDNS, SSDP, NetBIOS",
    threat: "services that listen for everybody take orders, or a name, from inside the cage",
    expectation:
      "no datagram to a broadcast address or a group arrives outside, nor at this machine; called from beside the gateway they arrive",
    source: "sandcage",
    brokenBy: "the agent is on the network of the way out",
    quick: false,
    check: checkCalls,
  },
];

const USERS: readonly ProbeUser[] = ["agent", "root"];

async function checkCalls({ internet, session }: GuardedCage): Promise<Finding> {
  await using listener = await listenEverywhere();
  const open = await session();
  const probe = run("call", ["python3", "-c", call, String(listener.port)]);
  const tried = await Promise.all(USERS.map((user) => open.probe([probe], user)));
  const sent = tried.map((outcomes) => Number(outcomes.get(probe.id).data) || 0)
    .reduce((sum, each) => sum + each, 0);
  const leaks = await tellLeaks(internet);
  const heard = listener.seen();
  const deaf = await listener.findDeaf("127.0.0.1");
  await internet.probe([probe]);
  return toFinding({
    // No figures: how many are sent depends on the machine.
    seen: "0 datagrams heard, outside and by this machine",
    open: [...leaks, ...await tellHeard(heard)],
    missing: [
      ...(sent > 0 ? [] : ["datagrams to everybody can be sent"]),
      ...deaf.map((kind) => `${kind} at 127.0.0.1`),
      ...tellUnseen(await internet.events(), [
        { protocol: "udp", to: "255.255.255.255", port: listener.port },
        { protocol: "udp", to: "224.0.0.251", port: 5353 },
        { protocol: "udp", to: "239.255.255.250", port: 1900 },
      ]),
    ],
  });
}

/** A bridge without an address still is an end of its network: the machine has to turn it down. */
async function tellHeard(heard: readonly string[]): Promise<string[]> {
  if (heard.length === 0) return [];
  const lines = [...new Set(heard)].map((line) => `this machine hears ${line}`);
  return isHearing(await observeReturnPath())
    ? [...lines, `rp_filter of all and default is 0 here; for sessions from then on: ${ASK_NOW}`]
    : lines;
}
