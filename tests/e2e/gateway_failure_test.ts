/** When the gateway fails nothing goes out, and it comes back: cases N21 and S08. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { IdleSession } from "./support/caged.ts";
import { waitFor } from "./support/files.ts";
import { type Case, testCases } from "./support/internet/cases.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { wasSeen } from "../../src/verify/internet/evidence.ts";
import { curl, everyProxy, raw, run } from "../../src/verify/internet/probes.ts";

async function works(session: IdleSession): Promise<boolean> {
  const outcomes = await session.probe([curl("fetch", ["-m", "3", "http://allowed.test/"])]);
  return /"request":\d/.test(outcomes.get("fetch").data);
}

async function waitWorking(session: IdleSession): Promise<void> {
  await waitFor("the way out", async () => await works(session) || undefined);
}

const cases: Case[] = [
  [
    "N21 routes, addresses and filters of the cage cannot be changed",
    async ({ internet, cage }) => {
      const session = await cage.session();
      const { decoy } = internet.addresses;
      const { gateway } = await session.addresses();
      const change = run("change", ["python3", "-c", CHANGE, ...gateway]);
      const verdicts = [
        curl("allowed", ["-o", "/dev/null", "-w", "%{http_code}", "http://allowed.test/"]),
        curl("unlisted", ["-o", "/dev/null", "-w", "%{http_code}", "http://evil.test/"]),
      ];
      const judge = async () => (await session.probe(verdicts)).all.map(({ data }) => data);
      assert.deepEqual(await judge(), ["200", "403"]);
      await internet.clear();
      for (const user of ["agent", "root"] as const) {
        const outcomes = await session.probe([change], user);
        assert.match(outcomes.get("change").data, /^(EPERM|EACCES)( (EPERM|EACCES))*\n$/, user);
      }
      // Somebody who could: the gateway carries no packet that is not its own.
      const outcomes = await session.probe([change], "privileged");
      assert.match(outcomes.get("change").data, /^ok ok /);
      await session.probe([
        raw("routed", { host: decoy, port: 443 }),
        { id: "udp", kind: "udp", host: decoy, port: 53, hex: "00ff" },
      ], "privileged");
      assertSilent(await internet.events(), internet);
      assert.deepEqual(await judge(), ["200", "403"]);
      await internet.probe([raw("control", { host: decoy, port: 443 })]);
      assert.ok(wasSeen(await internet.events(), { protocol: "tcp", to: decoy, port: 443 }));
    },
  ],
  ["S08 what cannot be written down does not happen", async ({ internet, cage }) => {
    const session = await cage.session();
    await waitWorking(session);
    const [id] = await Array.fromAsync(Deno.readDir(join(cage.state, "cages")));
    const log = join(cage.state, "cages", id!.name, "audit.jsonl");
    const [kept, full] = [`${log}.kept`, `${log}.full`];
    await Deno.link(log, kept);
    // Every write to this one fails as on a full disk.
    await Deno.symlink("/dev/full", full);
    await Deno.rename(full, log);
    const denial = await waitFor("a refusal", async () => {
      const outcomes = await session.probe([curl("fetch", ["http://allowed.test/"])]);
      const { data } = outcomes.get("fetch");
      return /"reason":"audit"/.test(data) ? data : undefined;
    });
    assert.match(denial, /"blocked":true/);
    await internet.clear();
    const refused = await session.probe([
      curl("http", ["http://allowed.test/"]),
      curl("https", ["https://allowed.test/"]),
      curl("direct", ["https://allowed.test/"], { env: everyProxy(null) }),
    ]);
    for (const { id, data } of refused.all) assert.doesNotMatch(data, /"request":\d/, id);
    assertSilent(await internet.events(), internet);
    await Deno.rename(kept, log);
    await waitWorking(session);
    // That something was refused for want of a log is written as soon as there is one.
    await waitFor(
      "the line of what was refused",
      async () => (await cage.audit()).some(({ reason }) => reason === "audit") || undefined,
    );
  }],
];

/**
 * Tries to route everything to the gateway's addresses, to take another address, to send a packet of
 * its own making and to load a filter; prints what came of each.
 */
const CHANGE = `
import errno, fcntl, socket, struct, sys

def attempt(action):
    try:
        action()
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]

def route():
    message = struct.pack("BBBBBBBBI", 2, 0, 0, 0, 254, 4, 0, 1, 0)
    message += struct.pack("HH4s", 8, 5, socket.inet_aton(sys.argv[-1]))
    header = struct.pack("IHHII", 16 + len(message), 24, 0x1 | 0x4 | 0x400 | 0x100, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(header + message)
        code = struct.unpack("i", netlink.recv(4096)[16:20])[0]
    if code:
        raise OSError(-code, "route")

def address():
    request = struct.pack("16sH2s4s8x", b"eth0:1", socket.AF_INET, b"", socket.inet_aton("10.0.0.9"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8916, request)

def packet():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()

def filters():
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.getsockopt(socket.SOL_IP, 64, 84)

print(*[attempt(action) for action in (route, address, packet, filters)])
`;

testCases("a gateway that fails", { network: 'allow = ["allowed.test"]\n', cases });
