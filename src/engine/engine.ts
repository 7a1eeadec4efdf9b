import type { ProcessResult, RunOptions } from "./process.ts";

/** Where an engine is spoken to. */
export type EngineEndpoint =
  /** Whatever the docker CLI would pick by itself. */
  | { kind: "default" }
  /** A docker context by name. */
  | { kind: "context"; name: string }
  /** A `DOCKER_HOST` URL. */
  | { kind: "host"; url: string };

/** Whose engine answers docker's API, by what it says of its components. */
export type EngineFlavor = "docker" | "podman";

/** What an engine can do, observed once and cached per endpoint. */
export type EngineCapabilities = {
  flavor: EngineFlavor;
  /** Server version, for example `20.10.24+dfsg1`; of Podman its own, `5.4.2`. */
  version: string;
  /**
   * What the engine calls itself; empty where it says nothing that lasts. With Docker 20.10 one per
   * machine.
   */
  id: string;
  /** API version, for example `1.41`. */
  apiVersion: string;
  /** Linux architecture of the engine, as in `docker info`: `x86_64`, `aarch64`. */
  arch: string;
  /** Processors of the engine's machine; a session cannot have more. */
  cpus: number;
  cgroup: "v1" | "v2";
  /** The engine runs without root: container root is the user. */
  rootless: boolean;
  /** The engine shifts container uids: bind-mounted files show as nobody. */
  usernsRemap: boolean;
  /** Docker Desktop and its like: ownership of bind mounts is mapped by the engine. */
  desktop: boolean;
  /** Bridge option `gateway_mode_ipv4=isolated` exists (28.0 and newer). */
  gatewayModeIsolated: boolean;
  /** Compose version, for example `2.26.1`. */
  composeVersion: string;
};

/** Options of one call to the engine; every call has a deadline. */
export type EngineCallOptions = Omit<RunOptions, "timeoutMs" | "env" | "cwd"> & {
  /** Upper bound in milliseconds. Defaults to 30 000; to 180 000 where somebody hears of slow calls. */
  timeoutMs?: number;
  /** Extra environment of the docker client, for example values for `-e NAME`. */
  env?: Record<string, string>;
};

/**
 * One Docker engine as a value. Nothing in sandcage assumes *the* engine: it is passed in.
 *
 * Calls reject with a `UserError` of code `engine-missing`, `engine-unreachable` or
 * `engine-timeout`; an engine that answered "no" is a result with a non-zero code.
 */
export interface Engine {
  readonly endpoint: EngineEndpoint;
  /** For messages: the context's name, the URL, or "the default engine". */
  readonly title: string;
  /** Where it listens, `unix:///var/run/docker.sock`; `undefined` when only the client knows. */
  readonly url: string | undefined;
  readonly capabilities: EngineCapabilities;
  /**
   * Proven by a bind-mount probe: the engine sees this machine's files. Gates mounts, hiding,
   * published ports.
   */
  isLocal(): Promise<boolean>;
  /** Runs `docker ARGS` and captures its output. */
  docker(args: readonly string[], options?: EngineCallOptions): Promise<ProcessResult>;
  /**
   * The command that runs compose against this engine with inherited stdio, without the deadline of
   * {@link docker}: for sessions. Uses the compose plugin directly, which saves the docker CLI's
   * plugin scan (75 ms of 436 ms measured).
   */
  composeCommand(args: readonly string[]): {
    command: string;
    args: string[];
    env: Record<string, string>;
  };
}
