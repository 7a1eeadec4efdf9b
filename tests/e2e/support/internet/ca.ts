import "reflect-metadata";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Authority, ONLY_TEST } from "../../../../src/verify/internet/ca.ts";

const ED25519 = { name: "Ed25519" };

/** Start of a PKCS #8 Ed25519 key (RFC 8410); the 32 bytes of the key follow. */
const ED25519_PKCS8 = Uint8Array.from(
  [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20],
);

/**
 * The authority the tests' cages trust. Always the same one, byte for byte, because it goes into the
 * image of a cage: another one would be another image for each run. Everybody can make its key from
 * this file, so it can vouch for names below `test` only.
 */
export async function makeTestCa(): Promise<Authority> {
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
      ONLY_TEST,
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return { certificate, key };
}
