import { join } from "node:path";
import { run } from "../../../src/engine/process.ts";

/** What one window of small GETs came to. */
export type Window = { perSecond: number; p50Ms: number; p99Ms: number };

/** Where a name is reached: the origin itself, or what stands before it. */
export type Target = { name: string; address: string };

/**
 * Small GETs over keep-alive connections for some seconds. wrk has no way to name an address, so it
 * gets a hosts file of its own, in a mount namespace of its own: needs root.
 *
 * @throws {Error} If any answer was not 2xx, or a connection broke.
 */
export async function runWrk(
  target: Target,
  options: { connections: number; seconds: number; headers: readonly string[]; dir: string },
): Promise<Window> {
  const hosts = join(options.dir, `hosts-${target.address}`);
  await Deno.writeTextFile(hosts, `${target.address} ${target.name}\n`);
  const headers = options.headers.flatMap((header) => ["-H", header]);
  const result = await run("unshare", [
    ...["--mount", "sh", "-c", 'mount --bind "$1" /etc/hosts && shift && exec "$@"', "sh", hosts],
    ...["wrk", "-t1", "--latency", `-c${options.connections}`, `-d${options.seconds}s`],
    ...headers,
    `https://${target.name}/`,
  ], { timeoutMs: (options.seconds + 30) * 1000 });
  if (result.code !== 0) throw new Error(`wrk at ${target.address}: ${result.stderr}`);
  return parseWrk(result.stdout);
}

/**
 * Reads what wrk prints. Pure.
 *
 * @throws {Error} If it counted errors: what was not answered must not look fast.
 */
export function parseWrk(text: string): Window {
  const problem = /Non-2xx or 3xx responses: .*|Socket errors: .*/.exec(text);
  if (problem !== null) throw new Error(`wrk: ${problem[0].trim()}`);
  const number = (pattern: RegExp) => {
    const match = pattern.exec(text);
    if (match === null) throw new Error(`wrk printed something else:\n${text}`);
    return Number(match[1]) * (UNIT_MS[match[2] ?? "ms"] ?? NaN);
  };
  return {
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: number(/50%\s+([\d.]+)(us|ms|s)/),
    p99Ms: number(/99%\s+([\d.]+)(us|ms|s)/),
  };
}

const UNIT_MS: Record<string, number> = { us: 0.001, ms: 1, s: 1000 };

/** What one transfer came to. */
export type Transfer = { megabytesPerSecond: number; firstByteMs: number };

/**
 * One request by curl, on a connection of its own.
 *
 * @param options.upload File to send. Without it the answer is what is measured.
 * @throws {Error} If the answer was not 200.
 */
export async function runCurl(
  url: string,
  options: { address: string; upload?: string; headers?: readonly string[]; firstByteOnly?: true },
): Promise<Transfer> {
  const { hostname } = new URL(url);
  const format = "%{http_code} %{speed_download} %{speed_upload} %{time_starttransfer}";
  const result = await run("curl", [
    ...["--silent", "--show-error", "--insecure", "--http1.1", "--output", "/dev/null"],
    ...["--resolve", `${hostname}:443:${options.address}`, "--write-out", format],
    // Waiting a second for "100 Continue" would be curl's time, not ours.
    ...["--header", "Expect:"],
    ...(options.headers ?? []).flatMap((header) => ["--header", header]),
    ...(options.upload === undefined ? [] : ["--upload-file", options.upload]),
    ...(options.firstByteOnly === true ? ["--max-time", "0.5"] : []),
    url,
  ], { timeoutMs: 60_000 });
  const [status, down, up, first] = result.stdout.trim().split(" ").map(Number);
  // An event stream never ends: 28 is curl's "time is up".
  const isExpected = result.code === 0 || (options.firstByteOnly === true && result.code === 28);
  if (!isExpected || status !== 200) {
    throw new Error(`curl ${url} at ${options.address}: ${status} ${result.stderr}`);
  }
  const bytesPerSecond = options.upload === undefined ? down! : up!;
  return { megabytesPerSecond: bytesPerSecond / 1e6, firstByteMs: first! * 1000 };
}
