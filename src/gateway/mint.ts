import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { CageCa } from "../policy/protocol.ts";

/** Signs certificates for hosts in the name of one cage. */
export type Minter = {
  /** Private key of every leaf, PEM. */
  key: string;
  /** A certificate for exactly this host, PEM. */
  mint(host: string): Promise<string>;
};

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 24 * 60 * 60 * 1000;
const CA_DAYS = 2 * 365;
/** Clients refuse server certificates of more than 398 days. */
const LEAF_DAYS = 397;

/** Makes the authority of one cage: its own key, no further authority below it. */
export async function mintCa(nowMs: number): Promise<CageCa> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    name: `CN=cage ${randomBytes(4).toString("hex")}`,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs - DAY_MS + CA_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await exportKey(keys.privateKey) };
}

/**
 * Reads an authority and makes the one key all its leaves share.
 *
 * @throws {Error} If the certificate or the key cannot be read.
 */
export async function openMinter(ca: CageCa, nowMs: () => number): Promise<Minter> {
  const issuer = new X509Certificate(ca.certificate);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    PemConverter.decodeFirst(ca.key),
    ALGORITHM,
    false,
    ["sign"],
  );
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const usages = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
  return {
    key: await exportKey(keys.privateKey),
    async mint(host) {
      const notBefore = new Date(nowMs() - DAY_MS);
      const notAfter = Math.min(
        notBefore.getTime() + LEAF_DAYS * DAY_MS,
        issuer.notAfter.getTime(),
      );
      const leaf = await X509CertificateGenerator.create({
        serialNumber: makeSerial(),
        // A common name holds 64 characters at most; what counts is the alternative name.
        subject: "CN=cage leaf",
        issuer: issuer.subject,
        notBefore,
        notAfter: new Date(notAfter),
        signingAlgorithm: ALGORITHM,
        publicKey: keys.publicKey,
        signingKey,
        extensions: [
          ...usages,
          new SubjectAlternativeNameExtension([{ type: isIP(host) ? "ip" : "dns", value: host }]),
        ],
      });
      return leaf.toString("pem");
    },
  };
}

/** A positive serial number of 127 random bits. */
function makeSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = bytes[0]! & 0x7f | 0x40;
  return bytes.toString("hex");
}

async function exportKey(key: CryptoKey): Promise<string> {
  const bytes = await crypto.subtle.exportKey("pkcs8", key);
  return PemConverter.encode(Buffer.from(bytes), "PRIVATE KEY");
}
