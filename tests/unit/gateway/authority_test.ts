import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createAuthority } from "../../../src/gateway/authority.ts";
import { mintCa, openMinter } from "../../../src/gateway/mint.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW_MS = Date.parse("2026-11-21T12:00:00Z");

function daysBetween(certificate: X509Certificate): number {
  return (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS;
}

Deno.test("mintCa() makes an authority that may sign leaves and nothing below", async () => {
  const ca = await mintCa(NOW_MS);
  const certificate = new X509Certificate(ca.certificate);
  assert.match(certificate.subject, /^CN=cage [0-9a-f]{8}$/);
  assert.equal(certificate.ca, true);
  assert.equal(certificate.checkIssued(certificate), true);
  assert.equal(certificate.verify(certificate.publicKey), true);
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.equal(daysBetween(certificate), 730);
  assert.equal(Date.parse(certificate.validFrom), NOW_MS - DAY_MS);
  const other = new X509Certificate((await mintCa(NOW_MS)).certificate);
  assert.notEqual(certificate.serialNumber, other.serialNumber);
});

for (
  const [host, name] of [
    ["api.example.com", "DNS:api.example.com"],
    [`${"a".repeat(63)}.example.com`, `DNS:${"a".repeat(63)}.example.com`],
    ["192.0.2.1", "IP Address:192.0.2.1"],
  ] as const
) {
  Deno.test(`a certificate for ${host} is for exactly that and no longer than clients take`, async () => {
    const ca = await mintCa(NOW_MS);
    const minter = await openMinter(ca, () => NOW_MS);
    const leaf = new X509Certificate(await minter.mint(host));
    assert.equal(leaf.subjectAltName, name);
    assert.equal(leaf.ca, false);
    assert.equal(daysBetween(leaf), 397);
    const issuer = new X509Certificate(ca.certificate);
    assert.equal(leaf.issuer, issuer.subject);
    assert.equal(leaf.verify(issuer.publicKey), true);
    assert.equal(leaf.verify(leaf.publicKey), false);
  });
}

Deno.test("a certificate does not outlive its authority", async () => {
  const ca = await mintCa(NOW_MS - 700 * DAY_MS);
  const leaf = new X509Certificate(await (await openMinter(ca, () => NOW_MS)).mint("a.test"));
  assert.equal(leaf.validTo, new X509Certificate(ca.certificate).validTo);
});

Deno.test("createAuthority() keeps the authority it is given, and one identity for each host", async () => {
  const made = await createAuthority(null);
  assert.equal(made.generated, true);
  const kept = await createAuthority(made.ca);
  assert.deepEqual([kept.generated, kept.ca], [false, made.ca]);
  const first = await kept.identityFor("a.test");
  assert.equal(await kept.identityFor("a.test"), first);
  assert.notEqual(await kept.identityFor("b.test"), first);
});

Deno.test("an authority that cannot be read is an error each time, not once", async () => {
  const broken = await createAuthority({ certificate: "none", key: "none" });
  await assert.rejects(broken.identityFor("a.test"));
  await assert.rejects(broken.identityFor("a.test"));
});
