import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import {
  formatNetworkArgs,
  makeSessionNetwork,
  parseRoutes,
  planCandidates,
  planPodmanNetwork,
} from "../../../src/cage/session_network.ts";
import { planSubnet } from "../../../src/cage/subnet.ts";
import { fakeEngine } from "./support.ts";

const POOL = "10.231.0.0/16";
const session = { cageId: "demo-1", sessionId: "0a1b2c3d", routes: [] };

Deno.test("a session's network has no route and no address of the host", () => {
  const network = { name: "n", ...planSubnet(POOL, 0) };
  const args = formatNetworkArgs(network, { ...session, isolated: false });
  assert.ok(args.includes("--internal"));
  assert.ok(args.includes("com.docker.network.bridge.inhibit_ipv4=true"));
  const newer = formatNetworkArgs(network, { ...session, isolated: true });
  assert.ok(newer.includes("com.docker.network.bridge.gateway_mode_ipv4=isolated"));
});

Deno.test("on Podman it has neither a name server nor, so, the host", () => {
  const network = planPodmanNetwork({ name: "n", ...planSubnet(POOL, 0) }, session);
  assert.deepEqual([network.internal, network.dns_enabled, network.ipv6_enabled], [
    true,
    false,
    false,
  ]);
  assert.deepEqual(network.subnets, [{
    subnet: "10.231.0.0/28",
    lease_range: { start_ip: "10.231.0.8", end_ip: "10.231.0.14" },
  }]);
});

Deno.test("planCandidates() leaves out what the host routes elsewhere", () => {
  const all = planCandidates(POOL, session);
  const vpn = planCandidates(POOL, { ...session, routes: [all[0]!.subnet, "10.231.128.0/17"] });
  assert.ok(!vpn.some(({ subnet }) => subnet === all[0]!.subnet));
  assert.ok(vpn.every(({ subnet }) => Number(subnet.split(".")[2]) < 128));
});

Deno.test("makeSessionNetwork() goes on to the next subnet when one is taken", async () => {
  let tries = 0;
  const { engine, calls } = fakeEngine(() =>
    ++tries < 3
      ? { code: 1, stderr: "Error: Pool overlaps with other one on this address space" }
      : { code: 0 }
  );
  const network = await makeSessionNetwork(POOL, { ...session, engine });
  assert.equal(calls.length, 3);
  assert.equal(network.name, "sandcage-session-0a1b2c3d");
  assert.equal(network.subnet, planCandidates(POOL, session)[2]!.subnet);
});

Deno.test("makeSessionNetwork() tells of any other refusal at once", async () => {
  const { engine, calls } = fakeEngine(() => ({ code: 1, stderr: "permission denied" }));
  await assert.rejects(makeSessionNetwork(POOL, { ...session, engine }), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /permission denied/);
    return true;
  });
  assert.equal(calls.length, 1);
});

Deno.test("makeSessionNetwork() says when the pool is used up", async () => {
  const { engine } = fakeEngine(() => ({ code: 1, stderr: "Pool overlaps" }));
  await assert.rejects(
    makeSessionNetwork("10.231.0.0/26", { ...session, engine }),
    /No free subnet/,
  );
});

Deno.test("parseRoutes() reads the kernel's table and leaves out the default route", () => {
  const table = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
    "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
    "tun0\t0005E70A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "",
  ].join("\n");
  assert.deepEqual(parseRoutes(table), ["172.17.0.0/16", "10.231.5.0/24"]);
  assert.deepEqual(parseRoutes("not a table"), []);
});
