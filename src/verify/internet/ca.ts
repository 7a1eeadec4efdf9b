import "reflect-metadata";
import { Buffer } from "node:buffer";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  Extension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Shown } from "./types.ts";

/** A certificate authority and what it signs with. */
export type Authority = { certificate: X509Certificate; key: CryptoKey };

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const DAY_MS = 24 * 60 * 60_000;

/** Name constraints (RFC 5280, 4.2.1.10): only DNS names below `test`, a domain nobody can own. */
export const ONLY_TEST = new Extension(
  "2.5.29.30",
  true,
  Uint8Array.of(0x30, 10, 0xa0, 8, 0x30, 6, 0x82, 4, ...new TextEncoder().encode("test")),
);

/** An authority for a day, whose key nobody else has. */
export async function makeAuthority(name: string): Promise<Authority> {
  cryptoProvider.set(crypto);
  const keys = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "02",
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: P256,
    extensions: [new BasicConstraintsExtension(true, 0, true), ONLY_TEST],
  });
  return { certificate, key: keys.privateKey };
}

/** Validity of a certificate, in days from now. */
type LeafOptions = { fromDays?: number; toDays?: number; ca: Authority | null };

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
  const certificate = await X509CertificateGenerator.create({
    serialNumber: crypto.randomUUID().replaceAll("-", ""),
    subject: `CN=${certified[0]}`,
    issuer: issuer.name,
    notBefore: new Date(Date.now() + fromDays * DAY_MS),
    notAfter: new Date(Date.now() + toDays * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: issuer.algorithm.name === "Ed25519" ? { name: "Ed25519" } : P256,
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
