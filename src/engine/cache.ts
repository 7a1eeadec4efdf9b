import { sha256Hex } from "../hash.ts";
import { join } from "node:path";
import { writeFileAtomic } from "../files.ts";
import type { Host } from "../host.ts";
import { findSocketPath } from "./endpoint.ts";
import type { EngineCapabilities } from "./engine.ts";

/** How long facts about an engine without a local socket are believed, in milliseconds. */
const REMOTE_TTL_MS = 60_000;

/** What is known about one engine, as it stands on disk. */
export type EngineRecord = {
  schema: 1;
  /** What must still hold for the record to be believed; see {@link observeStamp}. */
  stamp: string;
  observedMs: number;
  capabilities: EngineCapabilities;
  /** The compose plugin's executable. */
  composePath: string;
  /** The bind-mount probe has proven that the engine sees this machine's files. */
  provenLocal: boolean;
};

/** File that holds the facts about one engine. */
export function formatRecordPath(stateDir: string, endpointKey: string): string {
  const name = sha256Hex(endpointKey).slice(0, 16);
  return join(stateDir, "engines", `${name}.json`);
}

/**
 * Identity of what is behind the endpoint right now. A restarted engine makes a new socket, so its
 * inode and change time differ. Empty when the endpoint has nothing that could be looked at.
 */
export async function observeStamp(url: string | undefined): Promise<string> {
  const path = findSocketPath(url);
  if (path === undefined) return "";
  try {
    const { ino, ctime } = await Deno.stat(path);
    return `${path}:${ino ?? 0}:${ctime?.getTime() ?? 0}`;
  } catch {
    return `${path}:absent`;
  }
}

/** Whether the record still describes the engine. Pure. */
export function isFresh(
  record: EngineRecord,
  now: { stamp: string; nowMs: number },
): boolean {
  if (record.stamp !== now.stamp) return false;
  if (now.stamp !== "") return true;
  const ageMs = now.nowMs - record.observedMs;
  return ageMs >= 0 && ageMs < REMOTE_TTL_MS;
}

/** Reads a record; one that is absent, broken or of another schema is simply not there. */
export async function findRecord(path: string): Promise<EngineRecord | undefined> {
  try {
    const record = JSON.parse(await Deno.readTextFile(path)) as Partial<EngineRecord> | null;
    const whole = record?.schema === 1 && typeof record.stamp === "string" &&
      typeof record.observedMs === "number" && typeof record.composePath === "string" &&
      typeof record.capabilities?.composeVersion === "string" &&
      typeof record.capabilities.flavor === "string" &&
      typeof record.capabilities.cpus === "number" &&
      typeof record.capabilities.id === "string" &&
      typeof record.provenLocal === "boolean";
    return whole ? record as EngineRecord : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes a record, whole or not at all. A state directory that cannot be written only costs speed,
 * so nothing is thrown: the commands that need it for more will say what is wrong with it.
 */
export async function writeRecord(path: string, record: EngineRecord): Promise<void> {
  await writeFileAtomic(path, JSON.stringify(record, null, 2) + "\n").catch(() => {});
}

/** Key under which an engine is remembered: its URL, its context and the client's configuration. */
export function formatEndpointKey(
  title: string,
  options: { url: string | undefined; env: Host["env"] },
): string {
  return JSON.stringify([title, options.url ?? null, options.env.DOCKER_CONFIG ?? null]);
}
