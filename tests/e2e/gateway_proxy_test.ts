/** Proxies and tunnels go where their client may go: conformance cases N06 to N09, N12 and N13. */
import assert from "node:assert/strict";
import { assertEcho, assertFetches, type Case, testCases } from "./support/internet/cases.ts";
import { formatClientHello } from "../../src/verify/internet/client_hello.ts";
import { assertSilent } from "./support/internet/evidence.ts";
import { requestsOf } from "../../src/verify/internet/evidence.ts";
import {
  connect,
  curl,
  everyProxy,
  formatGet,
  raw,
  run,
} from "../../src/verify/internet/probes.ts";

const REFUSED = /^HTTP\/1\.1 4(00|03|21) /;

/** A TCP relay to the proxy inside the cage, as a tool would start one; `$1` is fetched through it. */
const RELAY = `
node -e 'const net = require("net"), to = new URL(process.env.https_proxy);
  net.createServer((s) => {
    const u = net.connect(to.port, to.hostname);
    s.on("error", () => u.destroy()); u.on("error", () => s.destroy());
    s.pipe(u).pipe(s);
  }).listen(0, "127.0.0.1", function () { console.log(this.address().port); })' >.relay &
while ! test -s .relay; do sleep 0.05; done
curl -sS -m 5 -x "http://127.0.0.1:$(cat .relay)" "https://$1/"; code=$?
kill %1; rm .relay; exit $code
`;

const cases: Case[] = [
  ["N06 clients that were told of no proxy", async ({ internet, cage }) => {
    const environments: Record<string, Record<string, string | null>> = {
      unset: everyProxy(null),
      empty: everyProxy(""),
      "NO_PROXY=*": { NO_PROXY: "*", no_proxy: "*" },
      "ALL_PROXY empty": { ...everyProxy(null), ALL_PROXY: "", all_proxy: "" },
    };
    const fetches = (host: string) =>
      Object.entries(environments).flatMap(([title, env]) =>
        ["http", "https"].map((scheme) =>
          curl(`${scheme} ${title}`, [`${scheme}://${host}/`], { env })
        )
      );
    const blocked = await cage.probe(fetches("evil.test"));
    assertSilent(await internet.events(), internet);
    for (const { id, data } of blocked.all) assert.doesNotMatch(data, /"request"/, id);
    const allowed = await cage.probe(fetches("allowed.test"));
    for (const outcome of allowed.all) assertEcho(outcome, "allowed.test");
  }],
  ["N07 plain HTTP: the name decides, and there is only one", async ({ internet, cage }) => {
    const requests = {
      "absolute form": formatGet("evil.test", "http://evil.test/"),
      "origin form": formatGet("evil.test"),
      "allowed in the target only": formatGet("evil.test", "http://allowed.test/"),
      "allowed in Host only": formatGet("allowed.test", "http://evil.test/"),
      "no Host": "GET / HTTP/1.1\r\n\r\n",
      "two Hosts": "GET / HTTP/1.1\r\nHost: allowed.test\r\nHost: evil.test\r\n\r\n",
      "a user": formatGet("allowed.test@evil.test"),
      "an address": formatGet(internet.addresses.decoy),
    };
    const outcomes = await cage.probe(
      Object.entries(requests).flatMap(([id, request]) =>
        [80, 3128].map((port) => raw(`${id} ${port}`, { host: "@gateway", port, send: [request] }))
      ),
    );
    assertSilent(await internet.events(), internet);
    for (const { id, data } of outcomes.all) assert.match(data, REFUSED, id);
    const get = (target: string) => [formatGet("allowed.test", target)];
    const controls = await cage.probe([
      raw("origin", { host: "@gateway", port: 80, send: get("/") }),
      raw("absolute", { host: "@gateway", port: 3128, send: get("http://allowed.test/") }),
    ]);
    for (const { id, data } of controls.all) assert.match(data, /^HTTP\/1\.1 200 /, id);
  }],
  ["N08 CONNECT: only allowed names, on their ports, spelt as names", async (given) => {
    const { internet, cage } = given;
    const { echo } = internet.addresses;
    const octets = echo.split(".").map(Number);
    const number = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    const targets = [
      "evil.test:443",
      ...[22, 25, 9418].map((port) => `allowed.test:${port}`),
      `${echo}:443`,
      `${number}:443`,
      `0x${number.toString(16)}:443`,
      `${octets.map((octet) => `0${octet.toString(8)}`).join(".")}:443`,
      `${octets.map((octet) => `0x${octet.toString(16)}`).join(".")}:443`,
      `[::ffff:${echo}]:443`,
      `[${internet.ipv6}]:443`,
      "user@allowed.test:443",
      "allowed.test@evil.test:443",
      "xn--llowed-9ta.test:443",
      "\u00c3\u00a1llowed.test:443",
      "allowed.test",
      "allowed.test:0443",
      "allowed.test:443/../evil.test",
      "evil.test#allowed.test:443",
      "allowed.test\\.evil.test:443",
      "allowed.test%2eevil.test:443",
      "allowed.test..:443",
      "localhost:443",
    ];
    const outcomes = await cage.probe(targets.map((target) => connect(target, target)));
    assertSilent(await internet.events(), internet);
    for (const { id, head, reached } of outcomes.all) {
      assert.match(head ?? "", REFUSED, id);
      assert.equal(reached, "tcp", id);
    }
    const tunnel = { tls: { sni: "allowed.test" }, send: [formatGet("allowed.test")] };
    const controls = await cage.probe(
      ["allowed.test:443", "allowed.test.:443", "ALLOWED.Test:443"]
        .map((target) => connect(target, target, tunnel)),
    );
    for (const { id, data } of controls.all) assert.match(data, /^HTTP\/1\.1 200 /, id);
  }],
  ["N09 TLS to another name than CONNECT's, to none, to a hidden one", async (given) => {
    const { internet, cage } = given;
    const hidden = (name: string) => [formatClientHello(name, { ech: true })];
    const direct = { host: "@gateway", port: 443 };
    const outcomes = await cage.probe([
      connect("unlisted", "allowed.test:443", { tls: { sni: "evil.test" } }),
      connect("another allowed one", "allowed.test:443", { tls: { sni: "also.test" } }),
      connect("none", "allowed.test:443", { tls: { sni: null } }),
      connect("hidden", "allowed.test:443", { send: hidden("allowed.test") }),
      connect("hidden unlisted", "allowed.test:443", { send: hidden("evil.test") }),
      raw("direct unlisted", { ...direct, tls: { sni: "evil.test" } }),
      raw("direct none", { ...direct, tls: { sni: null } }),
      raw("direct hidden", { ...direct, send: hidden("allowed.test") }),
      raw("direct hidden unlisted", { ...direct, send: hidden("evil.test") }),
    ]);
    assertSilent(await internet.events(), internet);
    for (const { id, reached, closed, error, data } of outcomes.all) {
      assert.notEqual(reached, "tls", id);
      // An alert of TLS is the only thing that may come back.
      assert.ok(data === "" || data.charCodeAt(0) === 0x15, `${id}: ${data}`);
      assert.ok(closed === true || error !== undefined, id);
    }
    const tls = { sni: "allowed.test" };
    const controls = await cage.probe([
      connect("same", "allowed.test:443", { tls, send: [formatGet("allowed.test")] }),
      connect("hello", "allowed.test:443", { send: [formatClientHello("allowed.test")] }),
    ]);
    assert.match(controls.get("same").data, /^HTTP\/1\.1 200 /);
    // The hand-made hello is a good one: the server goes on with the handshake.
    assert.equal(controls.get("hello").data.charCodeAt(0), 0x16);
    assert.equal(requestsOf(await internet.events()).length, 1);
  }],
  ["N12 bytes that are neither TLS nor, where it belongs, HTTP", async (given) => {
    const { internet, cage } = given;
    const speech = {
      ssh: "SSH-2.0-OpenSSH_9.2\r\n",
      smtp: "EHLO evil.test\r\n",
      http: formatGet("allowed.test"),
      binary: "\u0000\u0001\u0002\u0003".repeat(64),
      "h2 without TLS": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    const outcomes = await cage.probe(
      Object.entries(speech).flatMap(([id, text]) => [
        connect(`connect ${id}`, "allowed.test:443", { send: [text] }),
        raw(`direct ${id}`, { host: "@gateway", port: 443, send: [text] }),
      ]),
    );
    assertSilent(await internet.events(), internet);
    for (const { id, closed, error } of outcomes.all) {
      assert.ok(closed === true || error !== undefined, id);
    }
    await assertFetches(given, "https://allowed.test/");
  }],
  ["N13 a relay inside the cage is judged like its client", async ({ internet, cage }) => {
    const fetch = (host: string) => run(host, ["bash", "-c", RELAY, "bash", host]);
    const blocked = await cage.probe([fetch("evil.test")]);
    assertSilent(await internet.events(), internet);
    assert.match(blocked.get("evil.test").stderr ?? "", /403/);
    const allowed = await cage.probe([fetch("allowed.test")]);
    assertEcho(allowed.get("allowed.test"), "allowed.test");
  }],
];

testCases("proxies and tunnels", { network: 'allow = ["allowed.test", "also.test"]\n', cases });
