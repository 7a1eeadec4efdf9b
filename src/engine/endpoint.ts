import { sha256Hex } from "../hash.ts";
import { join } from "node:path";
import type { Host } from "../host.ts";
import type { EngineEndpoint } from "./engine.ts";

/** Where docker listens when nobody says otherwise. */
const DEFAULT_URL = {
  linux: "unix:///var/run/docker.sock",
  darwin: "unix:///var/run/docker.sock",
  windows: "npipe:////./pipe/docker_engine",
} as const;

/** Name docker gives the context that is no context. */
const DEFAULT_CONTEXT = "default";

/** Chooses the engine: explicit context, then `DOCKER_HOST`, then `DOCKER_CONTEXT`, then default. */
export function chooseEndpoint(context: string | null, env: Host["env"]): EngineEndpoint {
  if (context) return { kind: "context", name: context };
  if (env.DOCKER_HOST) return { kind: "host", url: env.DOCKER_HOST };
  if (env.DOCKER_CONTEXT) return { kind: "context", name: env.DOCKER_CONTEXT };
  return { kind: "default" };
}

/** The endpoint in words, for messages. */
export function formatEndpoint(endpoint: EngineEndpoint): string {
  switch (endpoint.kind) {
    case "default":
      return "the default engine";
    case "context":
      return `docker context "${endpoint.name}"`;
    case "host":
      return endpoint.url;
  }
}

/**
 * Environment that makes docker and its plugins speak to this endpoint and no other. An empty
 * variable counts as unset for docker, so a `DOCKER_HOST` of the caller does not win over a context.
 */
export function formatEndpointEnv(endpoint: EngineEndpoint): Record<string, string> {
  switch (endpoint.kind) {
    case "default":
      return {};
    case "context":
      return { DOCKER_CONTEXT: endpoint.name, DOCKER_HOST: "" };
    case "host":
      return { DOCKER_HOST: endpoint.url, DOCKER_CONTEXT: "" };
  }
}

/**
 * The URL behind an endpoint, read from docker's own files without a process; `undefined` when
 * docker's context store does not know the name.
 *
 * @see {@link https://docs.docker.com/engine/manage-resources/contexts/}
 */
export async function findEndpointUrl(
  endpoint: EngineEndpoint,
  host: Pick<Host, "env" | "home" | "platform">,
): Promise<string | undefined> {
  if (endpoint.kind === "host") return endpoint.url;
  const configDir = host.env.DOCKER_CONFIG || join(host.home, ".docker");
  const name = endpoint.kind === "context" ? endpoint.name : await findCurrentContext(configDir);
  if (name === undefined || name === DEFAULT_CONTEXT) return DEFAULT_URL[host.platform];
  return await findContextUrl(configDir, name);
}

async function findCurrentContext(configDir: string): Promise<string | undefined> {
  const config = await findJson(join(configDir, "config.json"));
  const current = config?.currentContext;
  return typeof current === "string" && current !== "" ? current : undefined;
}

async function findContextUrl(configDir: string, name: string): Promise<string | undefined> {
  const id = sha256Hex(name);
  const meta = await findJson(join(configDir, "contexts", "meta", id, "meta.json"));
  const endpoints = meta?.Endpoints as { docker?: { Host?: unknown } } | undefined;
  const url = endpoints?.docker?.Host;
  return typeof url === "string" && url !== "" ? url : undefined;
}

/** A file that is absent, unreadable or not JSON is docker's to complain about. */
async function findJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(path));
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

/** Path of the socket behind a `unix://` URL. */
export function findSocketPath(url: string | undefined): string | undefined {
  return url?.startsWith("unix://") ? url.slice("unix://".length) : undefined;
}
