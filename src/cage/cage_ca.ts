import { join } from "node:path";
import { findText, writeFileAtomic } from "../files.ts";
import type { CageCa } from "../policy/protocol.ts";

/** Age at which a cage's authority is made anew, in milliseconds; it is valid for two years. */
const RENEW_MS = 365 * 24 * 3600 * 1000;

function caPath(dir: string): string {
  return join(dir, "gateway-ca.json");
}

/**
 * The certificate authority of a cage, which its agents trust and nobody else does. Made by the
 * cage's first gateway and kept, so that agent and gateway of the next session start side by side.
 *
 * @returns `undefined` when there is none yet, or the one on record is too old or cannot be read.
 */
export async function findCageCa(dir: string, nowMs: number): Promise<CageCa | undefined> {
  const text = await findText(caPath(dir));
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as Record<string, unknown>;
    const { schema, certificate, key, madeAt } = record;
    if (schema !== 1 || typeof certificate !== "string" || typeof key !== "string") return;
    if (!(nowMs - Date.parse(String(madeAt)) < RENEW_MS)) return;
    return { certificate, key };
  } catch {
    // Cut by a full disk: the next gateway makes a new one.
    return undefined;
  }
}

/** Keeps the authority that a gateway made. */
export async function writeCageCa(
  dir: string,
  ca: CageCa,
  options: { nowMs: number },
): Promise<void> {
  const record = { schema: 1, ...ca, madeAt: new Date(options.nowMs).toISOString() };
  await writeFileAtomic(caPath(dir), JSON.stringify(record) + "\n");
}
