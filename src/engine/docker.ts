import type { Host } from "../host.ts";
import { formatEndpoint, formatEndpointEnv } from "./endpoint.ts";
import type { EngineCallOptions, EngineEndpoint } from "./engine.ts";
import {
  createMissingError,
  createTimeoutError,
  createUnreachableError,
  findFailure,
} from "./failure.ts";
import type { ProcessResult, Run } from "./process.ts";

/** Default deadline of one call, in milliseconds. */
const CALL_TIMEOUT_MS = 30_000;
/** The same where somebody is told that it takes long: a busy machine does answer in the end. */
const PATIENT_TIMEOUT_MS = 180_000;
/** When somebody is told, in milliseconds. */
const SLOW_MS = 10_000;
/** Deadline of the question whether the engine is there at all, in milliseconds. */
export const PING_TIMEOUT_MS = 3_000;

/** Subcommands whose stderr may be somebody else's: a container's or a build step's. */
const RELAYING: readonly string[] = [
  "run",
  "exec",
  "start",
  "attach",
  "logs",
  "build",
  "buildx",
  "compose",
];

/** Runs `docker ARGS` against one endpoint. */
export type Docker = (
  args: readonly string[],
  options?: EngineCallOptions,
) => Promise<ProcessResult>;

/** Where and how the docker client is run. */
export type DockerOptions = {
  endpoint: EngineEndpoint;
  host: Pick<Host, "platform" | "env">;
  run: Run;
  /** Hears of a call that takes long. With it calls may take {@link PATIENT_TIMEOUT_MS}. */
  onSlow?: (what: string) => void;
  /** When it hears of it, in milliseconds. Defaults to 10 000. */
  slowMs?: number;
};

/**
 * The only spawner of the docker client. Every call has a deadline; a client that got no answer is
 * an error here, an engine that said no is a result.
 */
export function createDocker(options: DockerOptions): Docker {
  const { endpoint, host, run, slowMs = SLOW_MS } = options;
  const title = formatEndpoint(endpoint);
  const env = formatClientEnv(endpoint, host.env);
  const patienceMs = options.onSlow === undefined ? CALL_TIMEOUT_MS : PATIENT_TIMEOUT_MS;

  const spawn = async (args: readonly string[], call: EngineCallOptions) => {
    try {
      return await run("docker", args, {
        ...call,
        timeoutMs: call.timeoutMs ?? patienceMs,
        env: { ...env, ...call.env },
      });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
        throw createMissingError(host.platform, error);
      }
      throw error;
    }
  };

  return async function docker(args, call = {}) {
    const what = `docker ${args[0] ?? ""}`;
    // A call with a deadline of its own is known to take its time.
    const notice = call.timeoutMs === undefined && options.onSlow !== undefined
      ? setTimeout(() => options.onSlow?.(formatSlow(what, { title, slowMs })), slowMs)
      : undefined;
    const result = await spawn(args, call).finally(() => clearTimeout(notice));
    if (result.timedOut) {
      throw createTimeoutError(what, { title, timeoutMs: call.timeoutMs ?? patienceMs });
    }
    if (result.code === 0) return result;
    const failure = findFailure(result.stderr);
    if (failure === undefined) return result;
    if (RELAYING.includes(args[0] ?? "")) {
      // The words may be those of a docker client inside the container: ask the engine itself.
      const ping = await spawn(PING_ARGS, { timeoutMs: PING_TIMEOUT_MS });
      if (ping.code === 0 && !ping.timedOut) return result;
    }
    const place = { title, platform: host.platform, stderr: result.stderr };
    throw createUnreachableError(failure, place);
  };
}

function formatSlow(what: string, call: { title: string; slowMs: number }): string {
  const { title, slowMs } = call;
  return `Waiting for ${title}, which is busy: no answer to "${what}" for ${slowMs / 1000} s`;
}

/** The cheapest question that only a living engine answers. */
export const PING_ARGS = ["version", "--format", "{{.Server.Version}}"] as const;

/** Environment of the docker client and of its plugins when they are called directly. */
export function formatClientEnv(
  endpoint: EngineEndpoint,
  env: Host["env"],
): Record<string, string> {
  return {
    ...(env.DOCKER_CONFIG ? { DOCKER_CONFIG: env.DOCKER_CONFIG } : {}),
    ...formatEndpointEnv(endpoint),
  };
}
