import assert from "node:assert/strict";
import { createServer } from "node:net";
import "reflect-metadata";
import {
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { describeTlsError } from "../../../src/gateway/upstream_tls.ts";
import { mintCa, openMinter } from "../../../src/gateway/mint.ts";
import type { CageCa } from "../../../src/policy/protocol.ts";
import { bodyOf, openTls, readAll, statusOf } from "./web_client.ts";
import { makeOriginCa, serve, serveHttps } from "./web_origin.ts";
import { openWorld } from "./web_world.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate that signs itself. */
async function makeSelfSigned(host: string): Promise<Identity> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const notBefore = Date.now() - DAY_MS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `CN=${host}`,
    notBefore: new Date(notBefore),
    notAfter: new Date(notBefore + 30 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
      new ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY") };
}

/** A certificate for a.test as an authority signs it on another day. */
async function signAt(ca: CageCa, days: number): Promise<Identity> {
  const minter = await openMinter(ca, () => Date.now() + days * DAY_MS);
  return { key: minter.key, cert: await minter.mint("a.test") };
}

type Identity = { cert: string; key: string };

/** What a host shows, what is trusted, and the words of the denial. */
type Case = { name: string; identity: Identity; trusted: string[]; want: RegExp };

// Deno's TLS does not tell a wrong date from a wrong authority; Node's does, see the table below.
const EXPIRED = /has expired|not trusted/;
const EARLY = /not valid yet|not trusted/;

async function listCases(): Promise<Case[]> {
  const ca = await makeOriginCa();
  const foreign = await makeOriginCa();
  const old = await mintCa(Date.now() - 600 * DAY_MS);
  const expired = await signAt(old, -500);
  const early = await signAt(old, 10);
  const selfSigned = await makeSelfSigned("a.test");
  const other = await ca.sign("b.test");
  return [
    { name: "expired", identity: expired, trusted: [old.certificate], want: EXPIRED },
    { name: "not valid yet", identity: early, trusted: [old.certificate], want: EARLY },
    { name: "of another host", identity: other, trusted: [ca.certificate], want: /another host/ },
    { name: "self-signed", identity: selfSigned, trusted: [], want: /signed by itself/ },
    {
      name: "of an authority that is not trusted",
      identity: await foreign.sign("a.test"),
      trusted: [ca.certificate],
      want: /authority that is not trusted/,
    },
  ];
}

Deno.test("a host's certificate is checked, and the denial says what is wrong with it", async (t) => {
  for (const { name, identity, trusted, want } of await listCases()) {
    await t.step(`a certificate that is ${name}`, async () => {
      const seen: string[] = [];
      await using origin = await serveHttps(identity, (request, response) => {
        seen.push(request.url!);
        response.end();
      });
      await using world = await openWorld({
        hosts: { "a.test:443": origin.port },
        extraCa: trusted,
      });
      const port = await world.listen("tls", { host: "a.test", port: 443 });
      const ca = world.authority.ca.certificate;
      const socket = await openTls(port, { host: "a.test", ca });
      const answer = readAll(socket);
      socket.write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
      const text = await answer;
      assert.equal(statusOf(text), 502);
      const denial = JSON.parse(bodyOf(text));
      assert.equal(denial.reason, "upstream-certificate");
      assert.match(denial.hint, want);
      assert.match(world.events[0]?.detail ?? "", want);
      assert.equal(world.events[0]?.decision, "deny");
      assert.deepEqual(seen, []);
    });
  }
});

Deno.test("a host that speaks no TLS is told from one with a bad certificate", async () => {
  await using origin = await serve(createServer((socket) => void socket.end("hello\n")));
  await using world = await openWorld({ hosts: { "a.test:443": origin.port } });
  const port = await world.listen("tls", { host: "a.test", port: 443 });
  const socket = await openTls(port, { host: "a.test", ca: world.authority.ca.certificate });
  const answer = readAll(socket);
  socket.write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  const text = await answer;
  assert.deepEqual([statusOf(text), JSON.parse(bodyOf(text)).reason], [502, "upstream"]);
});

for (
  const [code, reason, detail] of [
    ["CERT_HAS_EXPIRED", "upstream-certificate", /^The certificate of a\.test has expired/],
    ["CERT_NOT_YET_VALID", "upstream-certificate", /is not valid yet/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "upstream-certificate", /is for another host/],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "upstream-certificate", /is signed by itself/],
    ["SELF_SIGNED_CERT_IN_CHAIN", "upstream-certificate", /authority that is not trusted/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "upstream-certificate", /authority that is not trusted/],
    ["ECONNRESET", "upstream", /^No TLS with a\.test: ECONNRESET$/],
    [undefined, "upstream", /^No TLS with a\.test: the connection was closed$/],
  ] as const
) {
  Deno.test(`describeTlsError() says ${detail.source} for ${code}`, () => {
    const error = describeTlsError(Object.assign(new Error("secret detail"), { code }), "a.test");
    assert.equal(error.reason, reason);
    assert.match(error.message, detail);
  });
}
