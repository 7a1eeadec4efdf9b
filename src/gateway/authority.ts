import type { CageCa } from "../policy/protocol.ts";
import type { Minter } from "./mint.ts";

/** What a server shows to be a host, PEM. */
export type Identity = { key: string; cert: string };

/** The certificate authority the agent trusts, and the certificates it has signed. */
export type Authority = {
  ca: CageCa;
  /** It was made just now: the host has to be told. */
  generated: boolean;
  /**
   * What a server for this host shows; made on first use, then kept: the same object again.
   *
   * @throws {Error} If the authority cannot be read.
   */
  identityFor(host: string): Promise<Identity>;
};

/** Identities kept; the one not used for longest goes. A minted certificate costs milliseconds. */
const MOST_IDENTITIES = 1024;
/** An identity older than this is made anew, so that a gateway may run for months. */
const IDENTITY_LIFE_MS = 30 * 24 * 60 * 60 * 1000;

type Entry = { identity: Promise<Identity>; expiresMs: number };

/**
 * Opens the authority of a cage, or makes one. What makes certificates is loaded only when one has
 * to be made.
 */
export async function createAuthority(given: CageCa | null): Promise<Authority> {
  const ca = given ?? await (await import("./mint.ts")).mintCa(Date.now());
  const entries = new Map<string, Entry>();
  let minter: Promise<Minter> | undefined;

  async function mint(host: string): Promise<Identity> {
    minter ??= import("./mint.ts").then(({ openMinter }) => openMinter(ca, Date.now));
    const { key, mint } = await minter;
    return { key, cert: await mint(host) };
  }

  return {
    ca,
    generated: given === null,
    identityFor(host) {
      const known = entries.get(host);
      entries.delete(host);
      if (known !== undefined && known.expiresMs > Date.now()) {
        entries.set(host, known);
        return known.identity;
      }
      const identity = mint(host);
      entries.set(host, { identity, expiresMs: Date.now() + IDENTITY_LIFE_MS });
      identity.catch(() => entries.delete(host));
      if (entries.size > MOST_IDENTITIES) entries.delete(entries.keys().next().value!);
      return identity;
    },
  };
}
