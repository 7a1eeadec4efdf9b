import { EXIT, unreachable, UserError } from "../errors.ts";
import type { Host } from "../host.ts";

/** Why the docker client could not get an answer from the engine. */
export type EngineFailure =
  | "not-listening"
  | "permission"
  | "no-context"
  | "bad-endpoint"
  | "tls"
  | "ssh"
  | "no-such-host"
  | "podman-client";

/**
 * What the docker client (20.10 to 28) says when it got no answer. First match wins; each row was
 * seen in the client's output or stands in docker/cli's `client/errors.go` and `cli/connhelper`.
 */
const WORDINGS: readonly (readonly [EngineFailure, RegExp])[] = [
  ["permission", /permission denied while trying to connect to the docker/i],
  ["permission", /dial (unix|pipe) \S*: connect: permission denied/i],
  ["permission", /open \/\/\.\/pipe\/\S+: Access is denied/i],
  [
    "no-context",
    /unable to resolve docker endpoint: context "[^"]*"(: context not found| does not exist)/i,
  ],
  ["no-context", /^context "[^"]*" does not exist/im],
  ["no-context", /current context "[^"]*" is not found/i],
  ["tls", /error during connect: .*(\btls: |x509: |: EOF\s*$)/im],
  ["tls", /client sent an HTTP request to an HTTPS server/i],
  ["tls", /unable to resolve docker endpoint: open \S*(ca|cert|key)\.pem/i],
  ["ssh", /error during connect: .*\bcommand \[ssh /i],
  ["no-such-host", /error during connect: .*: no such host/i],
  ["bad-endpoint", /unable to resolve docker endpoint: /i],
  ["bad-endpoint", /unable to parse docker host/i],
  ["not-listening", /Cannot connect to the Docker daemon/i],
  ["not-listening", /failed to connect to the docker API/i],
  ["not-listening", /error during connect: /i],
  ["not-listening", /docker daemon is not running/i],
];

/** Finds the reason in the client's stderr; `undefined` when the engine itself answered. */
export function findFailure(stderr: string): EngineFailure | undefined {
  return WORDINGS.find(([, pattern]) => pattern.test(stderr))?.[0];
}

/** What {@link formatFailure} and its kin need to know about the place. */
export type FailurePlace = { title: string; platform: Host["platform"]; stderr?: string };

/** The error for an engine that gave no answer. */
export function createUnreachableError(failure: EngineFailure, place: FailurePlace): UserError {
  const detail = failure === "podman-client"
    ? "the docker command is Podman's own"
    : firstLine(place.stderr ?? "");
  return new UserError(`Cannot reach ${place.title}: ${detail || "no answer"}`, {
    hint: formatFailureHint(failure, place.platform),
    exit: EXIT.engine,
    code: "engine-unreachable",
  });
}

function formatFailureHint(failure: EngineFailure, platform: Host["platform"]): string {
  switch (failure) {
    case "not-listening":
      return platform === "linux"
        ? "Start the engine: sandcage setup engine"
        : "Start Docker Desktop (or OrbStack, Colima, Rancher Desktop) and try again";
    case "permission":
      return platform === "windows"
        ? "Add yourself to the group docker-users and sign in again"
        : 'Join the group of the socket: sudo usermod -aG docker "$USER", then sign in again';
    case "no-context":
      return "See the contexts there are: docker context ls";
    case "bad-endpoint":
      return "Check DOCKER_HOST and --context; an endpoint looks like unix:///var/run/docker.sock";
    case "tls":
      return "Check DOCKER_CERT_PATH and DOCKER_TLS_VERIFY against what the engine speaks";
    case "ssh":
      return "Check that `ssh HOST docker version` works without a password prompt";
    case "no-such-host":
      return "Check the host name in DOCKER_HOST or in the docker context";
    case "podman-client":
      return "Install Docker's own client with Compose (sandcage setup engine, or docker-cli and " +
        "docker-compose), and set DOCKER_HOST to Podman's socket";
    default:
      return unreachable(failure);
  }
}

/** The error for a docker command line client that is not there. */
export function createMissingError(platform: Host["platform"], cause?: unknown): UserError {
  return new UserError("Cannot find the docker command on PATH", {
    hint: platform === "linux"
      ? "Install the engine: sandcage setup engine"
      : "Install Docker Desktop, OrbStack or Colima; sandcage setup engine says how",
    exit: EXIT.engine,
    code: "engine-missing",
    cause,
  });
}

/** The error for a call that got no answer in time. */
export function createTimeoutError(
  what: string,
  options: { title: string; timeoutMs: number },
): UserError {
  return new UserError(
    `No answer from ${options.title} to "${what}" within ${options.timeoutMs / 1000} s`,
    {
      hint: "See whether it is busy or hangs: sandcage doctor; restart the engine if it does",
      exit: EXIT.engine,
      code: "engine-timeout",
    },
  );
}

/** The error for an engine client without Compose v2. */
export function createComposeMissingError(
  platform: Host["platform"],
  oldVersion: string | undefined,
): UserError {
  const message = oldVersion === undefined
    ? "Cannot find Docker Compose v2: the docker client has no compose plugin"
    : `Cannot use docker-compose ${oldVersion}: sandcage needs Docker Compose v2`;
  return new UserError(message, {
    hint: platform === "linux"
      ? "Install it: sandcage setup engine"
      : "Update Docker Desktop, or install the docker-compose plugin of your package manager",
    exit: EXIT.engine,
    code: "compose-missing",
  });
}

function firstLine(text: string): string {
  const line = text.split("\n").find((candidate) => candidate.trim() !== "") ?? "";
  return line.replace(/^docker: |^ERROR: |^Failed to initialize: /, "").trim();
}
