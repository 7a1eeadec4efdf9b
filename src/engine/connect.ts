import { isFile } from "../files.ts";
import type { Host } from "../host.ts";
import {
  type EngineRecord,
  findRecord,
  formatEndpointKey,
  formatRecordPath,
  isFresh,
  observeStamp,
  writeRecord,
} from "./cache.ts";
import {
  type ClientPlugin,
  type EngineObservation,
  isPodmanClient,
  parseObservation,
  trimVersion,
} from "./capabilities.ts";
import { createDocker, type Docker, formatClientEnv } from "./docker.ts";
import { chooseEndpoint, findEndpointUrl, formatEndpoint } from "./endpoint.ts";
import type { Engine, EngineEndpoint } from "./engine.ts";
import { createComposeMissingError, createUnreachableError, findFailure } from "./failure.ts";
import { probeLocal } from "./local.ts";
import { findProgram } from "./program.ts";
import { type Run, run as spawnProcess } from "./process.ts";

/** Deadline of each question asked while connecting, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/** The same where somebody is told that it takes long. */
const PATIENT_TIMEOUT_MS = 60_000;

/** Which engine to connect to, from where. */
export type ConnectOptions = {
  host: Host;
  /** Docker context the user asked for. */
  context?: string | null;
  /** Replaces real processes in tests. */
  run?: Run;
  /** Deadline of each question asked while connecting. Defaults to 10 000, with `onSlow` 60 000. */
  timeoutMs?: number;
  /** Hears of a call that takes long; with it a busy engine is given minutes. */
  onSlow?: (what: string) => void;
};

/**
 * Connects to the engine the user means: explicit context, `DOCKER_HOST`, `DOCKER_CONTEXT`, default.
 * What it can do is remembered below the state directory; a warm connect spawns nothing.
 *
 * @throws {UserError} With code `engine-missing`, `engine-unreachable`, `engine-timeout` or
 * `compose-missing`; exit 4.
 */
export async function connectEngine(options: ConnectOptions): Promise<Engine> {
  const { host, run = spawnProcess } = options;
  const endpoint = chooseEndpoint(options.context ?? null, host.env);
  const url = await findEndpointUrl(endpoint, host);
  const key = formatEndpointKey(formatEndpoint(endpoint), { url, env: host.env });
  const path = formatRecordPath(host.stateDir, key);
  const { onSlow } = options;
  const docker = createDocker({ endpoint, host, run, ...(onSlow === undefined ? {} : { onSlow }) });

  const now = { stamp: await observeStamp(url), nowMs: Date.now() };
  const known = await findRecord(path);
  if (known !== undefined && isFresh(known, now) && isFile(known.composePath)) {
    return createEngine({ endpoint, url, host, docker, record: known, path });
  }
  const timeoutMs = options.timeoutMs ??
    (onSlow === undefined ? CONNECT_TIMEOUT_MS : PATIENT_TIMEOUT_MS);
  const observation = await observeEngine(docker, {
    host,
    timeoutMs,
    title: formatEndpoint(endpoint),
  });
  const compose = observation.compose ?? await findStandaloneCompose(run, host);
  const record: EngineRecord = {
    schema: 1,
    stamp: now.stamp,
    observedMs: now.nowMs,
    capabilities: { ...observation.capabilities, composeVersion: compose.version },
    composePath: compose.path,
    provenLocal: false,
  };
  await writeRecord(path, record);
  return createEngine({ endpoint, url, host, docker, record, path });
}

/** How {@link observeEngine} asks. */
export type ObserveOptions = { host: Pick<Host, "platform">; timeoutMs: number; title: string };

/**
 * Asks the client and the engine what they are: two processes at once.
 *
 * @throws {UserError} If there is no answer.
 */
export async function observeEngine(
  docker: Docker,
  options: ObserveOptions,
): Promise<EngineObservation> {
  const { timeoutMs, host } = options;
  const [info, version] = await Promise.all([
    docker(["info", "--format", "{{json .}}"], { timeoutMs }),
    docker(["version", "--format", "{{json .Server}}"], { timeoutMs }),
  ]);
  const place = { title: options.title, platform: host.platform };
  if (isPodmanClient(info.stdout)) throw createUnreachableError("podman-client", place);
  // `docker info` of the 20.10 client exits 0 without an engine and tells so inside its JSON only.
  const said = version.code === 0 && info.code === 0 ? findServerError(info.stdout) : undefined;
  const failed = said ?? (version.code === 0 ? undefined : version.stderr);
  if (failed !== undefined) {
    throw createUnreachableError(findFailure(failed) ?? "not-listening", {
      ...place,
      stderr: failed,
    });
  }
  return parseObservation({ info: info.stdout, server: version.stdout }, host.platform);
}

function findServerError(info: string): string | undefined {
  try {
    return (JSON.parse(info) as { ServerErrors?: string[] }).ServerErrors?.[0];
  } catch {
    return undefined; // Not JSON: parseObservation says so.
  }
}

/** A compose v2 that is not installed as a plugin still does; v1 does not. */
async function findStandaloneCompose(run: Run, host: Host): Promise<ClientPlugin> {
  const path = findProgram("docker-compose", host);
  if (path === undefined) throw createComposeMissingError(host.platform, undefined);
  const result = await run(path, ["version", "--short"], { timeoutMs: CONNECT_TIMEOUT_MS });
  const version = trimVersion(result.stdout.trim()) || "v1";
  if (result.code === 0 && Number.parseInt(version, 10) >= 2) return { version, path };
  throw createComposeMissingError(host.platform, version);
}

type EngineParts = {
  endpoint: EngineEndpoint;
  url: string | undefined;
  host: Host;
  docker: Docker;
  record: EngineRecord;
  path: string;
};

function createEngine(parts: EngineParts): Engine {
  const { endpoint, url, host, docker, record, path } = parts;
  const env = formatClientEnv(endpoint, host.env);
  let { provenLocal } = record;
  return {
    endpoint,
    title: formatEndpoint(endpoint),
    url,
    capabilities: record.capabilities,
    docker,
    async isLocal() {
      // Only proof is remembered: a probe that failed may have failed for another reason.
      if (provenLocal || !isLocalUrl(url)) return provenLocal;
      provenLocal = await probeLocal({ docker, host });
      if (provenLocal) await writeRecord(path, { ...record, provenLocal });
      return provenLocal;
    },
    composeCommand(args) {
      return isFile(record.composePath)
        ? { command: record.composePath, args: [...args], env: { ...env } }
        : { command: "docker", args: ["compose", ...args], env: { ...env } };
    },
  };
}

/** Only a socket or a pipe of this machine can lead to an engine that sees its files. */
function isLocalUrl(url: string | undefined): boolean {
  return url?.startsWith("unix://") === true || url?.startsWith("npipe://") === true;
}
