import type { RateSpec } from "../../policy/document.ts";

/** Takes a token of the host's bucket; `false` when it is empty. */
export type TakeToken = (host: string, nowMs: number) => boolean;

type Bucket = { tokens: number; atMs: number };

/** Buckets kept; the one not asked for longest makes place. */
const MOST_HOSTS = 4096;

/** Compiles a rate: a bucket for each host that fills evenly and holds at most the burst. */
export function compileRate(rate: RateSpec | null): TakeToken {
  if (rate === null) return () => true;
  const buckets = new Map<string, Bucket>();
  return (host, nowMs) => {
    const bucket = buckets.get(host) ?? { tokens: rate.burst, atMs: nowMs };
    // A clock that was set back adds nothing.
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(rate.burst, bucket.tokens + elapsedMs / 1000 * rate.perSecond);
    bucket.atMs = nowMs;
    buckets.delete(host);
    buckets.set(host, bucket);
    if (buckets.size > MOST_HOSTS) buckets.delete(buckets.keys().next().value!);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}
