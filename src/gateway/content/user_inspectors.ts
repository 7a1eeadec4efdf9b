import { Buffer } from "node:buffer";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { InspectorSource } from "../../policy/document.ts";
import type { Finding, RequestHead } from "../context.ts";

/** What a user's inspector is given. */
export type InspectedRequest = {
  host: string;
  port: number;
  method: string;
  target: string;
  /** As the agent sent them: no secret is in them. */
  headers: [name: string, value: string][];
  /** Decoded; the first 256 KiB of a longer one; `null` without a body. */
  body: Uint8Array | null;
  /** The body is longer than what is shown. */
  truncated: boolean;
};

/** Asks every inspector about one request. */
export type AskInspectors = (
  head: RequestHead,
  body: { bytes: Buffer; isWhole: boolean } | null,
) => Promise<Finding[]>;

type Inspect = (request: InspectedRequest) => unknown;

/** An inspector that takes longer blocks: a slow judge is no judge. */
const LONGEST_MS = 100;

/**
 * Loads the user's inspectors. Each is one ES module that exports `inspect`.
 *
 * @returns `ask` is `null` when there are none.
 */
export async function loadInspectors(
  sources: readonly InspectorSource[],
  options: { now: () => number },
): Promise<{ ask: AskInspectors | null; problems: string[] }> {
  const problems: string[] = [];
  const inspectors: { name: string; inspect: Inspect }[] = [];
  if (sources.length === 0) return { ask: null, problems };
  const folder = await mkdtemp(join(tmpdir(), "sandcage-inspectors-"));
  try {
    for (const [index, source] of sources.entries()) {
      const loaded = await loadInspector(source, join(folder, `${index}`));
      if (typeof loaded === "string") {
        problems.push(`Cannot load inspector "${source.name}": ${loaded}`);
      } else inspectors.push({ name: source.name, inspect: loaded });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const ask: AskInspectors = async (head, body) => {
    const asked = inspectors.map(({ name, inspect }) =>
      askOne(inspect, { name, request: toRequest(head, body), now: options.now })
    );
    return (await Promise.all(asked)).filter((finding) => finding !== null);
  };
  return { ask, problems };
}

async function loadInspector(source: InspectorSource, path: string): Promise<Inspect | string> {
  // Without a package.json beside it, only these endings say that it is a module.
  const file = `${path}${/\.[mc]?ts$/.test(source.name) ? ".mts" : ".mjs"}`;
  try {
    await writeFile(file, source.source, { mode: 0o600 });
    const module: { inspect?: unknown } = await import(pathToFileURL(file).href);
    if (typeof module.inspect === "function") return module.inspect as Inspect;
    return `it exports no function "inspect"; write: export function inspect(request) { … }`;
  } catch (error) {
    return formatError(error);
  }
}

function toRequest(
  head: RequestHead,
  body: { bytes: Buffer; isWhole: boolean } | null,
): InspectedRequest {
  const { host, port, method, target } = head;
  return {
    host,
    port,
    method,
    target,
    headers: head.headers.map(([name, value]) => [name, value]),
    body: body === null ? null : new Uint8Array(body.bytes),
    truncated: body !== null && !body.isWhole,
  };
}

async function askOne(
  inspect: Inspect,
  options: { name: string; request: InspectedRequest; now: () => number },
): Promise<Finding | null> {
  const { name, request, now } = options;
  const about = (action: Finding["action"], detail: string): Finding => ({
    action,
    reason: "inspector",
    detail: `Inspector ${name}: ${detail}`.slice(0, 300),
  });
  const startMs = now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), LONGEST_MS);
    });
    const answer = await Promise.race([inspect(request), late]);
    if (answer === "late" || now() - startMs > LONGEST_MS) {
      return about("block", `took longer than ${LONGEST_MS} ms`);
    }
    if (answer === undefined || answer === null) return null;
    const { action, detail } = answer as { action?: unknown; detail?: unknown };
    if ((action === "flag" || action === "block") && typeof detail === "string") {
      return about(action, detail);
    }
    return about(
      "block",
      `answered neither nothing nor {action: "flag" | "block", detail: string}`,
    );
  } catch (error) {
    return about("block", `failed: ${formatError(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function formatError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200);
}
