import "reflect-metadata";
import assert from "node:assert/strict";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import {
  describeFetchError,
  fetchDocument,
  parseAddress,
} from "../../../../src/acp/registry/fetch.ts";

const DAY_MS = 86_400_000;

/** A certificate that vouches for itself, as a company's does. */
async function makeCertificate(): Promise<{ cert: string; key: string }> {
  cryptoProvider.set(crypto);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]),
      new BasicConstraintsExtension(false),
    ],
  });
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = `-----BEGIN PRIVATE KEY-----\n${der.toBase64()}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString("pem"), key };
}

Deno.test("an authority of the machine counts beside the public ones, and no other does", async () => {
  const { cert, key } = await makeCertificate();
  const options = { hostname: "localhost", port: 0, cert, key, onListen() {} };
  await using server = Deno.serve(options, () => new Response("{}"));
  const url = `https://localhost:${server.addr.port}/`;
  const answer = await fetchDocument(url, { ca: [cert] });
  assert.deepEqual(answer, { kind: "fresh", text: "{}" });
  await assert.rejects(fetchDocument(url), (error: unknown) => {
    assert.match(describeFetchError(error), /certificate/i);
    return true;
  });
});

Deno.test("an answer that is not UTF-8 is refused", async () => {
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using server = Deno.serve(options, () => new Response(Uint8Array.of(0xff, 0xfe)));
  await assert.rejects(fetchDocument(`http://127.0.0.1:${server.addr.port}/`));
});

const ADDRESSES: [string, boolean][] = [
  ["https://registry.example/x.json", true],
  ["http://127.0.0.1:8080/x.json", true],
  ["http://[::1]/x.json", true],
  ["http://localhost/x.json", true],
  ["http://registry.example/x.json", false],
  ["http://127.0.0.1.example/x.json", false],
  ["http://10.0.0.1/x.json", false],
  ["file:///etc/passwd", false],
  ["data:application/json,{}", false],
  ["/x.json", false],
];

for (const [address, isFine] of ADDRESSES) {
  Deno.test(`parseAddress() ${isFine ? "takes" : "refuses"} ${address}`, () => {
    if (isFine) assert.equal(parseAddress(address).href, address);
    else assert.throws(() => parseAddress(address), /is not https|is no address/);
  });
}

Deno.test("why a fetch failed is one line without the address", () => {
  const rows: [unknown, string][] = [
    [new DOMException("x", "TimeoutError"), "it did not answer in time"],
    [
      new TypeError("error sending request for url (https://x/): dns error\nmore"),
      "dns error",
    ],
    [new Error("a", { cause: new Error("b") }), "b"],
    ["text", "text"],
  ];
  for (const [error, want] of rows) assert.equal(describeFetchError(error), want);
});
