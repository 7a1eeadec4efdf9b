/**
 * Nothing leaves a cage but what is allowed: conformance cases N01 to N03 and N14 to N17. A case
 * passes only when the decoy, the packet record and the name server saw nothing; its control shows
 * that they would have.
 */
import assert from "node:assert/strict";
import { makeCaged } from "./support/caged.ts";
import { waitFor } from "./support/files.ts";
import { listenEverywhere } from "./support/host_listener.ts";
import { assertFetches, type Case, testCases } from "./support/internet/cases.ts";
import { formatQuery, parseAnswer } from "../../src/verify/internet/dns_query.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { wasSeen } from "../../src/verify/internet/evidence.ts";
import type { Probe } from "../../src/verify/internet/probe/types.ts";
import { connect, curl, everyProxy, raw, run, udp } from "../../src/verify/internet/probes.ts";

const NETWORK =
  'allow = ["allowed.test", "allowed.test:8443", "meta.test", "rebind.test", "mixed.test", "flip.test"]\n';

/** Addresses no name may lead to: this machine, its networks, the cloud's, and nobody's. */
const HOSTILE = [
  ...["127.0.0.1", "10.0.0.5", "172.17.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"],
  ...["100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.8", "240.0.0.1"],
];

/** An echo request by an ordinary user, as `ping` sends it. */
const PING = `
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
s.sendto(struct.pack("!BBHHH", 8, 0, 0xf7fe, 0, 1), (sys.argv[1], 0))
`;

const cases: Case[] = [
  ["N01 raw TCP to any address, on any port", async ({ internet, cage }) => {
    const places = [internet.addresses.decoy, internet.addresses.echo, "10.0.0.5", "1.1.1.1"]
      .flatMap((to) => [443, 80, 22, 8443].map((port) => ({ protocol: "tcp", to, port })));
    const probes = places.map(({ to, port }) => raw(`${to}:${port}`, { host: to, port }));
    const outcomes = await cage.probe(probes);
    assertSilent(await internet.events(), internet);
    assert.deepEqual(outcomes.all.filter(({ reached }) => reached !== "nothing"), []);
    await internet.probe(probes);
    const events = await internet.events();
    assert.deepEqual(places.filter((place) => !wasSeen(events, place)), []);
  }],
  ["N02 IPv6", async ({ internet, cage }) => {
    const literal = raw("literal", { host: internet.ipv6, port: 443 });
    const outcomes = await cage.probe([
      literal,
      curl("curl -6", ["-6", "https://allowed.test/"]),
      curl("literal URL", [`http://[${internet.ipv6}]/`]),
      curl("literal URL, no proxy", [`http://[${internet.ipv6}]/`], { env: everyProxy(null) }),
      udp("AAAA", { hex: formatQuery("allowed.test", { type: "AAAA" }) }),
      run("addresses", ["cat", "/proc/net/if_inet6"]),
    ]);
    // Through the proxy `curl -6` asks the gateway for the name, which answers over IPv4.
    assertSilent(await internet.events(), internet, { names: ["allowed.test"], echo: true });
    assert.equal(outcomes.get("literal").reached, "nothing");
    const answer = parseAnswer(outcomes.get("AAAA").data);
    assert.deepEqual([answer.rcode, answer.answers], [0, 0]);
    // Neither a global address nor a link-local one.
    assert.equal(outcomes.get("addresses").data, "");
    // A container may not use its address before the network has confirmed that it is free, and what
    // it could not reach then it holds for absent.
    await waitFor("a packet over IPv6", async () => {
      await internet.probe([literal]);
      const packet = { protocol: "tcp", to: internet.ipv6, port: 443 };
      if (wasSeen(await internet.events(), packet)) return true;
      await internet.renew();
    });
  }],
  ["N03 UDP and ICMP", async ({ internet, cage }) => {
    const to = internet.addresses.decoy;
    const probes: Probe[] = [
      ...[53, 123, 443].map((port) => udp(`udp ${port}`, { host: to, port, hex: "00ff" })),
      run("icmp", ["python3", "-c", PING, to]),
    ];
    await cage.probe(probes);
    assertSilent(await internet.events(), internet);
    await internet.probe(probes);
    const events = await internet.events();
    for (const port of [53, 123, 443]) assert.ok(wasSeen(events, { protocol: "udp", to, port }));
    assert.ok(wasSeen(events, { protocol: "icmp", to }));
  }],
  ["N14 metadata services", async (given) => {
    const { internet, cage } = given;
    internet.script("meta.test", { answers: [["169.254.169.254"]] });
    const urls = [
      "http://169.254.169.254/latest/meta-data/",
      "http://metadata.google.internal/computeMetadata/v1/",
      "http://[fd00:ec2::254]/latest/",
      "http://100.100.100.200/latest/",
      "http://meta.test/latest/meta-data/",
      "https://meta.test/latest/meta-data/",
    ];
    const headers = [
      ...["-H", "Metadata-Flavor: Google"],
      ...["-H", "X-aws-ec2-metadata-token-ttl-seconds: 60"],
    ];
    const probes = urls.flatMap((url) => [
      curl(`${url} proxy`, [...headers, url]),
      curl(`${url} no proxy`, [...headers, url], { env: everyProxy(null) }),
    ]);
    const outcomes = await cage.probe(probes);
    assertSilent(await internet.events(), internet, { names: ["meta.test"] });
    for (const { id, data } of outcomes.all) assert.doesNotMatch(data, /"request"/, id);
    await internet.probe([probes[0]!]);
    const to = "169.254.169.254";
    assert.ok(wasSeen(await internet.events(), { protocol: "tcp", to, port: 80 }));
    internet.script("meta.test", { answers: [[internet.addresses.echo]] });
    await assertFetches(given, "http://meta.test/");
  }],
  ["N15 an allowed name that leads inside, at once or later", async (given) => {
    const { internet, cage } = given;
    const { echo } = internet.addresses;
    const names = ["rebind.test", "mixed.test", "flip.test"];
    internet.script("rebind.test", { answers: HOSTILE.map((address) => [address]) });
    // One after the other: fetches at the same time may share one question.
    const all =
      `for n in $(seq ${HOSTILE.length}); do curl -s -m 5 https://rebind.test/ && echo in; done`;
    const inside = await cage.probe([run("all", ["bash", "-c", all])]);
    assert.equal(inside.get("all").data, "");
    assertSilent(await internet.events(), internet, { names });
    const asked = (await internet.events()).filter(({ kind }) => kind === "dns");
    assert.equal(asked.length, HOSTILE.length, "each address was answered once");
    // One good address among bad ones opens nothing.
    internet.script("mixed.test", { answers: [[echo, "10.0.0.5"]] });
    const mixed = await cage.probe([curl("mixed", ["http://mixed.test/"])]);
    assert.match(mixed.get("mixed").data, /"reason":"address"/);
    assertSilent(await internet.events(), internet, { names });
    // Each fetch is one question, and what is dialed is its answer.
    internet.script("flip.test", { answers: [["10.0.0.5"], [echo], ["10.0.0.5"]] });
    const three =
      "for n in 1 2 3; do curl -s -o /dev/null -m 10 https://flip.test/ && echo in; done";
    const flipped = await cage.probe([run("flip", ["bash", "-c", three])]);
    assert.equal(flipped.get("flip").data, "in\n");
    assertSilent(await internet.events(), internet, { names, echo: true });
    internet.script("rebind.test", { answers: [[echo]] });
    await assertFetches(given, "https://rebind.test/");
  }],
  ["N16 this machine", async ({ internet, cage }) => {
    await using listener = await listenEverywhere();
    const { port } = listener;
    const session = await cage.session();
    const addresses = Deno.networkInterfaces()
      .filter(({ family, address }) => family === "IPv4" && !address.startsWith("127."))
      .map(({ address }) => address);
    const names = ["host.docker.internal", "gateway.docker.internal", "localhost", "@bridge"];
    const probes = [...addresses, "172.17.0.1", ...names].flatMap((host) => [
      raw(`tcp ${host}`, { host, port }),
      udp(`udp ${host}`, { host, port, hex: "00ff" }),
      connect(`connect ${host}`, `${host}:${port}`),
      connect(`connect ${host} 443`, `${host}:443`),
    ]);
    const users = ["agent", "root", "privileged"] as const;
    await Promise.all(users.map((user) => session.probe(probes, user)));
    assert.deepEqual(listener.seen(), []);
    assertSilent(await internet.events(), internet);
    for (const address of addresses) await listener.proveAt(address);
  }],
  ["N17 other cages, and what else the gateway listens on", async ({ internet, cage }) => {
    await using sibling = await makeCaged("sibling", internet, { network: NETWORK });
    const neighbour = await sibling.session();
    const session = await cage.session();
    const { agent, gateway } = await neighbour.addresses();
    await neighbour.background(["node", "-e", SIBLING]);
    const reached = await neighbour.probe([raw("itself", { host: agent, port: 7777 })]);
    assert.equal(reached.get("itself").data, "sibling");
    await internet.clear();
    const open = [53, 80, 443, 3128, 8443];
    const ports = [...open, 22, 7777, 8080, 9229, 9090, 2375, 5353];
    const direct = [
      raw("agent", { host: agent, port: 7777 }),
      ...gateway.flatMap((host) => ports.map((port) => raw(`${host}:${port}`, { host, port }))),
    ];
    const tunnelled = [agent, ...gateway].flatMap((host) => [
      connect(`connect ${host}`, `${host}:7777`),
      connect(`connect ${host} 3128`, `${host}:3128`),
    ]);
    const users = ["agent", "root"] as const;
    for (
      const outcomes of await Promise.all(
        users.map((user) => session.probe([...direct, ...tunnelled], user)),
      )
    ) {
      for (const { id } of direct) assert.equal(outcomes.get(id).reached, "nothing", id);
      for (const { id } of tunnelled) assert.equal(outcomes.get(id).reached, "tcp", id);
    }
    assertSilent(await internet.events(), internet);
    const low = Array.from({ length: 1024 }, (_, index) => index + 1);
    const own = await session.probe(
      [...new Set([...low, ...ports])].map((port) =>
        raw(`${port}`, { host: "@gateway", port, waitMs: 3000 })
      ),
    );
    const listening = own.all.filter(({ reached }) => reached !== "nothing");
    assert.deepEqual(listening.map(({ id }) => Number(id)), open);
  }],
];

/** A server in the sibling's cage, open to whoever reaches it. */
const SIBLING = "require('net').createServer((s) => s.end('sibling'))" +
  ".listen(7777, '0.0.0.0', () => console.log('ready'))";

testCases("the network of a cage", { network: NETWORK, cases });
