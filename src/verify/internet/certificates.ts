import { type Authority, makeAuthority, makeLeaf } from "./ca.ts";
import type { ServerSettings } from "./types.ts";

/** Names the echo answers for. All others lead to the decoy. */
export const KNOWN = [
  ...["allowed.test", "also.test", "shared.test", "inject.test", "splice.test", "path.test"],
  ...["rebind.test", "flip.test", "mixed.test", "meta.test"],
  ...["model.test", "big.test", "wild.test", "www.wild.test", "deep.www.wild.test"],
] as const;

/** Hosts whose certificate is wrong in one way each. */
export const BAD_CERTIFICATES = {
  expired: "expired.test",
  wrongHost: "wrong-host.test",
  selfSigned: "self-signed.test",
  untrusted: "untrusted.test",
} as const;

/** Names of the decoy that it has a good certificate for, as any attacker has. */
const DECOYS = ["evil.test", "evil.wild.test", "evil.allowed.test", "xn--llowed-9ta.test"];

/** Certificates of all names, signed by an authority. */
export async function makeCertificates(ca: Authority): Promise<ServerSettings["certificates"]> {
  const stranger = await makeAuthority("a stranger");
  const bad = BAD_CERTIFICATES;
  const echo = await Promise.all([
    makeLeaf([bad.expired], { ca, fromDays: -3, toDays: -1 }),
    makeLeaf([bad.wrongHost], { ca, certified: ["another.test"] }),
    makeLeaf([bad.selfSigned], { ca: null }),
    makeLeaf([bad.untrusted], { ca: stranger }),
    makeLeaf([...KNOWN], { ca }),
  ]);
  // Whoever takes an address over has no certificate for the name it belonged to.
  const decoy = await Promise.all([
    makeLeaf(DECOYS, { ca }),
    makeLeaf([...KNOWN], { ca: stranger }),
  ]);
  return { echo, decoy };
}
