import "reflect-metadata";
import { Buffer } from "node:buffer";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Shown } from "./types.ts";

/** A certificate authority of the tests. */
export type TestCa = { certificate: X509Certificate; key: CryptoKey };

const ED25519 = { name: "Ed25519" };
const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Name constraints (RFC 5280, 4.2.1.10): only DNS names below `test`, a domain nobody can own. */
const ONLY_TEST = Uint8Array.of(
  0x30,
  10,
  0xa0,
  8,
  0x30,
  6,
  0x82,
  4,
  ...new TextEncoder().encode("test"),
);

/** Start of a PKCS #8 Ed25519 key (RFC 8410); the 32 bytes of the key follow. */
const ED25519_PKCS8 = Uint8Array.from(
  [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20],
);

/**
 * The authority the tests' cages trust. Always the same one, byte for byte, because it goes into the
 * image of a cage: another one would be another image for each run. Everybody can make its key from
 * this file, so it can vouch for names below `test` only.
 */
export async function makeTestCa(): Promise<TestCa> {
  cryptoProvider.set(crypto);
  const seed = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("sandcage tests"));
  const key = await crypto.subtle.importKey(
    "pkcs8",
    Uint8Array.of(...ED25519_PKCS8, ...new Uint8Array(seed)),
    ED25519,
    true,
    ["sign"],
  );
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const publicKey = await crypto.subtle.importKey(
    "jwk",
    { kty: "OKP", crv: "Ed25519", x: x! },
    ED25519,
    true,
    ["verify"],
  );
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=sandcage tests",
    notBefore: new Date("2025-01-01"),
    notAfter: new Date("2045-01-01"),
    keys: { privateKey: key, publicKey },
    signingAlgorithm: ED25519,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      new Extension("2.5.29.30", true, ONLY_TEST),
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return { certificate, key };
}

/** Validity of a certificate, in days from now. */
type LeafOptions = { fromDays?: number; toDays?: number; ca: TestCa | null };

/** A certificate for some names, shown for them; `ca: null` signs itself. */
export async function makeLeaf(
  names: string[],
  options: LeafOptions & { certified?: string[] },
): Promise<Shown> {
  const { ca, fromDays = -1, toDays = 1, certified = names } = options;
  const keys = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const issuer = ca === null
    ? { name: `CN=${certified[0]}`, key: keys.privateKey, algorithm: P256 }
    : { name: ca.certificate.subject, key: ca.key, algorithm: ca.key.algorithm };
  const issuerKey = ca === null ? keys.publicKey : ca.certificate.publicKey;
  const day = 24 * 60 * 60_000;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: crypto.randomUUID().replaceAll("-", ""),
    subject: `CN=${certified[0]}`,
    issuer: issuer.name,
    notBefore: new Date(Date.now() + fromDays * day),
    notAfter: new Date(Date.now() + toDays * day),
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: issuer.algorithm.name === "Ed25519" ? ED25519 : P256,
    extensions: [
      // Python wants to be told which key signed.
      await AuthorityKeyIdentifierExtension.create(issuerKey),
      new SubjectAlternativeNameExtension(
        certified.map((value) => ({ type: "dns" as const, value })),
      ),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString(
    "base64",
  );
  return {
    names,
    certificate: certificate.toString("pem"),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  };
}

/** An authority that nobody trusts. */
export async function makeStrangerCa(): Promise<TestCa> {
  const keys = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "02",
    name: "CN=a stranger",
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 24 * 60 * 60_000),
    keys,
    signingAlgorithm: P256,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  return { certificate, key: keys.privateKey };
}
