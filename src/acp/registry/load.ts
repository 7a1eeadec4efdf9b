import { join } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { findText, writeFileAtomic } from "../../files.ts";
import type { Host } from "../../host.ts";
import type { Io } from "../../io.ts";
import { registryDir } from "../../service/installed.ts";
import { parseRegistry, type Registry } from "./document.ts";
import { describeFetchError, fetchDocument, parseAddress } from "./fetch.ts";
import { readOfflineRegistry } from "./offline.ts";

/** Where the official registry is published. */
export const OFFICIAL_REGISTRY =
  "https://cdn.agentclientprotocol.com/registry/v1/latest/registry.json";

/** Variable of the host that names another registry of the same format. */
export const REGISTRY_VARIABLE = "SANDCAGE_ACP_REGISTRY";

/** How long a copy is as good as the registry itself, in milliseconds: 3 hours. */
export const FRESH_MS = 3 * 60 * 60_000;

/** Where a registry's entries were read. */
export type RegistrySource =
  /** Asked just now, or so short a time ago that it counts. */
  | { kind: "registry"; url: string; checkedAt: number }
  /** It could not be asked; this is what it said last. */
  | { kind: "copy"; url: string; checkedAt: number; reason: string }
  /** Nor was there a copy: sandcage's own list. */
  | { kind: "offline"; url: string; reason: string };

/** A registry, and where it is from. */
export type LoadedRegistry = Registry & { source: RegistrySource };

/** `<stateDir>/registry/cache.json`. */
type Cache = {
  schema: 1;
  url: string;
  etag?: string;
  /** When the registry was last asked, in milliseconds since 1970. */
  checkedAt: number;
  /** The document as it came. */
  document: unknown;
};

/** What loading needs. */
export type LoadRegistryOptions = {
  host: Pick<Host, "env" | "stateDir">;
  io: Pick<Io, "progress">;
  nowMs: number;
  /** Ask the registry even while the copy is fresh. Defaults to false. */
  ask?: boolean;
  /** Finds the authorities this machine trusts besides the public ones; called before asking. */
  findCa?: () => Promise<readonly string[]>;
  signal?: AbortSignal;
};

/**
 * Loads the registry: the copy while it is fresh, else the registry itself, else the last copy, else
 * sandcage's own list. Which it was is in the answer; see {@link describeSource}.
 *
 * @throws {UserError} Of code `usage`, if {@link REGISTRY_VARIABLE} holds no https or loopback address.
 */
export async function loadRegistry(options: LoadRegistryOptions): Promise<LoadedRegistry> {
  const { host, nowMs } = options;
  const url = findAddress(host.env);
  const path = join(registryDir(host.stateDir), "cache.json");
  const copy = await readCache(path, url);
  const age = nowMs - (copy?.cache.checkedAt ?? 0);
  // A clock that was set back makes no copy fresh for ever.
  if (copy !== undefined && options.ask !== true && age >= 0 && age < FRESH_MS) {
    return { ...copy.registry, source: { kind: "registry", url, checkedAt: nowMs - age } };
  }
  try {
    const { cache, registry } = await ask(url, { ...options, copy });
    await writeFileAtomic(path, JSON.stringify(cache) + "\n");
    return { ...registry, source: { kind: "registry", url, checkedAt: nowMs } };
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = error instanceof RegistryError ? error.message : describeFetchError(error);
    if (copy !== undefined) {
      const { checkedAt } = copy.cache;
      return { ...copy.registry, source: { kind: "copy", url, checkedAt, reason } };
    }
    return { ...readOfflineRegistry(), source: { kind: "offline", url, reason } };
  }
}

/** Says in one line where a list comes from. Pure. */
export function describeSource(source: RegistrySource, options: { nowMs: number }): string {
  const ago = (checkedAt: number) => formatAgo(options.nowMs - checkedAt);
  switch (source.kind) {
    case "registry":
      return `From ${source.url}, asked ${ago(source.checkedAt)}`;
    case "copy":
      return `Cannot read the registry ${source.url}: ${source.reason}; ` +
        `this is what it said ${ago(source.checkedAt)}`;
    case "offline":
      return `Cannot read the registry ${source.url}: ${source.reason}; ` +
        "this is the list that comes with sandcage";
  }
}

/** The reason a document was not taken, in words of ours. */
class RegistryError extends Error {}

function findAddress(env: Host["env"]): string {
  const named = env[REGISTRY_VARIABLE];
  if (named === undefined || named === "") return OFFICIAL_REGISTRY;
  try {
    return parseAddress(named).href;
  } catch (cause) {
    throw new UserError(`Cannot use ${REGISTRY_VARIABLE}: ${(cause as Error).message}`, {
      hint: "Give an https address, or http on loopback",
      exit: EXIT.usage,
      code: "usage",
      cause,
    });
  }
}

async function ask(
  url: string,
  options: LoadRegistryOptions & { copy?: { cache: Cache; registry: Registry } | undefined },
): Promise<{ cache: Cache; registry: Registry }> {
  const { copy, nowMs, signal } = options;
  using progress = options.io.progress("Asking the registry");
  const answer = await fetchDocument(url, {
    ca: await options.findCa?.() ?? [],
    ...(copy?.cache.etag === undefined ? {} : { etag: copy.cache.etag }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.kind === "unchanged") {
    if (copy === undefined) throw new RegistryError("it sent nothing");
    progress.done();
    return { cache: { ...copy.cache, checkedAt: nowMs }, registry: copy.registry };
  }
  const document = parseJson(answer.text);
  const registry = readDocument(document);
  progress.done();
  const etag = answer.etag === undefined ? {} : { etag: answer.etag };
  return { cache: { schema: 1, url, checkedAt: nowMs, document, ...etag }, registry };
}

async function readCache(
  path: string,
  url: string,
): Promise<{ cache: Cache; registry: Registry } | undefined> {
  const text = await findText(path);
  if (text === undefined) return undefined;
  try {
    const cache = JSON.parse(text) as Partial<Cache> | null;
    // Another registry's copy says nothing about this one.
    if (cache?.schema !== 1 || cache.url !== url || typeof cache.checkedAt !== "number") {
      return undefined;
    }
    return { cache: cache as Cache, registry: parseRegistry(cache.document) };
  } catch {
    // Whatever broke it, the registry still has it.
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RegistryError("what it sent is no JSON");
  }
}

function readDocument(document: unknown): Registry {
  try {
    return parseRegistry(document);
  } catch (cause) {
    throw new RegistryError(`what it sent is no registry: ${(cause as Error).message}`, { cause });
  }
}

function formatAgo(elapsedMs: number): string {
  const minutes = Math.max(0, Math.floor(elapsedMs / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
