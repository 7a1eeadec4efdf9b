import type { Finding } from "../case.ts";
import type { GuardedCage, ProbeUser } from "../internet/guarded.ts";
import { type GuardedCase, tellLeaks } from "../internet/guarded_suite.ts";
import { run } from "../internet/probes.ts";
import call from "./call.py" with { type: "text" };
import { listenEverywhere } from "./host_listener.ts";
import { count, toFinding } from "./judge.ts";
import { tellUnseen } from "./outside.ts";

/** What is for everybody on a network. */
export const CALL_CASES: readonly GuardedCase[] = [
  {
    id: "N34",
    suite: "network",
    title: "nobody outside hears what the cage calls to everybody: broadcasts, mDNS, SSDP, NetBIOS",
    threat: "services that listen for everybody take orders, or a name, from inside the cage",
    expectation:
      "no datagram to a broadcast address or a group arrives outside, nor at this machine if it asks where a packet comes from (rp_filter); called from beside the gateway they arrive",
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
  // A bridge without an address still is an end of its network: the machine has to turn it down.
  const judged = await isOpenToAll() ? [] : heard;
  return toFinding({
    seen: `${count(leaks.length, "datagram")} of ${sent} heard outside` +
      `, ${heard.length} by this machine${judged.length < heard.length ? OPEN_WORDS : ""}`,
    open: [...leaks, ...judged.map((line) => `this machine hears ${line}`)],
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

const OPEN_WORDS = ", whose net.ipv4.conf.all.rp_filter is 0";

/** Whether this machine takes packets whose senders it has no way to: no cage can change that. */
async function isOpenToAll(): Promise<boolean> {
  const values = await Promise.all(
    ["all", "default"].map((name) =>
      Deno.readTextFile(`/proc/sys/net/ipv4/conf/${name}/rp_filter`).catch(() => "1")
    ),
  );
  return values.every((value) => value.trim() === "0");
}
