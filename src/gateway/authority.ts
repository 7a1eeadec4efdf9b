import { createSecureContext, type SecureContext } from "node:tls";
import type { CageCa } from "../policy/protocol.ts";
import type { Minter } from "./mint.ts";

/** The certificate authority the agent trusts, and the certificates it has signed. */
export type Authority = {
  ca: CageCa;
  /** It was made just now: the host has to be told. */
  generated: boolean;
  /**
   * What a server for this host shows; made on first use, then kept.
   *
   * @throws {Error} If the authority cannot be read.
   */
  contextFor(host: string): Promise<SecureContext>;
};

/** Contexts kept; the one not used for longest goes. A minted certificate costs milliseconds. */
const MOST_CONTEXTS = 1024;
/** A context older than this is made anew, so that a gateway may run for months. */
const CONTEXT_LIFE_MS = 30 * 24 * 60 * 60 * 1000;

type Entry = { context: Promise<SecureContext>; expiresMs: number };

/**
 * Opens the authority of a cage, or makes one. What makes certificates is loaded only when one has
 * to be made.
 */
export async function createAuthority(given: CageCa | null): Promise<Authority> {
  const ca = given ?? await (await import("./mint.ts")).mintCa(Date.now());
  const entries = new Map<string, Entry>();
  let minter: Promise<Minter> | undefined;

  async function mint(host: string): Promise<SecureContext> {
    minter ??= import("./mint.ts").then(({ openMinter }) => openMinter(ca, Date.now));
    const { key, mint } = await minter;
    return createSecureContext({ key, cert: await mint(host), minVersion: "TLSv1.2" });
  }

  return {
    ca,
    generated: given === null,
    contextFor(host) {
      const known = entries.get(host);
      entries.delete(host);
      if (known !== undefined && known.expiresMs > Date.now()) {
        entries.set(host, known);
        return known.context;
      }
      const context = mint(host);
      entries.set(host, { context, expiresMs: Date.now() + CONTEXT_LIFE_MS });
      context.catch(() => entries.delete(host));
      if (entries.size > MOST_CONTEXTS) entries.delete(entries.keys().next().value!);
      return context;
    },
  };
}
