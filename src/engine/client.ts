import type { Host } from "../host.ts";
import { type ClientPlugin, findPlugins, isPodmanClient } from "./capabilities.ts";
import { formatClientEnv } from "./docker.ts";
import type { EngineEndpoint } from "./engine.ts";
import { type EngineFailure, findFailure } from "./failure.ts";
import type { Run } from "./process.ts";

/** Deadline of the one question asked, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** What the docker client on this machine is and whether its engine answers. */
export type ClientObservation = {
  /** The docker client ran. */
  installed: boolean;
  /** Server version when the engine answered. */
  server: string | undefined;
  /** Why it did not. */
  failure: EngineFailure | "timeout" | undefined;
  /** What the client said about that. */
  stderr: string;
  compose: ClientPlugin | undefined;
  buildx: ClientPlugin | undefined;
  /** `docker info` as JSON text; empty when there was none. */
  info: string;
};

/**
 * Looks at the client and its engine in one process, without throwing for anything that may be
 * missing: for set-up and doctor, which explain what is there instead of needing it.
 */
export async function observeClient(
  options: { endpoint: EngineEndpoint; host: Pick<Host, "env">; run: Run },
): Promise<ClientObservation> {
  const nothing = { server: undefined, compose: undefined, buildx: undefined, info: "" };
  try {
    const result = await options.run("docker", ["info", "--format", "{{json .}}"], {
      timeoutMs: TIMEOUT_MS,
      env: formatClientEnv(options.endpoint, options.host.env),
    });
    const info = result.stdout;
    const server = findServer(info);
    const stderr = server.error ?? result.stderr;
    const silent = isPodmanClient(info) ? "podman-client" : findFailure(stderr) ?? "not-listening";
    return {
      installed: true,
      server: server.version,
      failure: server.version !== undefined ? undefined : result.timedOut ? "timeout" : silent,
      stderr,
      ...findPlugins(info),
      info,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return { installed: false, failure: undefined, stderr: "", ...nothing };
    }
    throw error;
  }
}

function findServer(info: string): { version: string | undefined; error: string | undefined } {
  try {
    const value = JSON.parse(info) as { ServerVersion?: string; ServerErrors?: string[] } | null;
    return { version: value?.ServerVersion || undefined, error: value?.ServerErrors?.[0] };
  } catch {
    return { version: undefined, error: undefined };
  }
}
