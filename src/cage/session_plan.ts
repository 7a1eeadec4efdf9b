import { INSIDE_ENV, LABEL } from "../names.ts";
import { gatewayService } from "./plan.ts";

/** A session as asked for, with everything decided that is not in the cage's own definition. */
export type SessionSpec = {
  cageId: string;
  sessionId: string;
  service: string;
  composePath: string;
  /** Whole command line for the entry program. */
  command: readonly string[];
  /** Absolute directory inside. */
  workdir: string;
  /** A terminal on both ends: the agent gets one too. */
  tty: boolean;
  /** The compose client ends when the container runs; somebody else attaches. */
  detached: boolean;
  /** Publish the config's ports; only one session of a cage can. */
  publish: boolean;
  /** The entry program waits for secrets and setup lines. */
  handover: boolean;
  /** It has a gateway: network mode `allowlist`. */
  gateway: boolean;
  /** Variables of the terminal: not secret, they go on the command line. */
  env: Readonly<Record<string, string>>;
};

/** Name of the container of a session's gateway. */
export function gatewayName(spec: Pick<SessionSpec, "cageId" | "sessionId" | "service">): string {
  return `${containerName(spec)}-gateway`;
}

/** Name of a session's container. */
export function containerName(spec: Pick<SessionSpec, "cageId" | "sessionId" | "service">): string {
  return `${spec.cageId}-${spec.service}-${spec.sessionId}`;
}

/**
 * Arguments of the compose client for one session. Not `--rm`: only a container that is still there
 * after its end can say whether it ran out of memory or never started. Pure.
 *
 * @see {@link https://docs.docker.com/reference/cli/docker/compose/run/}
 */
export function planRunArgs(spec: SessionSpec): string[] {
  const env = { ...spec.env, ...(spec.handover ? { [INSIDE_ENV.handover]: "1" } : {}) };
  return [
    ...planContainer(spec, containerName(spec)),
    "--workdir",
    spec.workdir,
    ...(spec.tty ? [] : ["--no-TTY"]),
    ...(spec.detached ? ["--detach"] : []),
    // Where a gateway is, it is the one that publishes: nothing reaches the agent's network.
    ...(spec.publish && !spec.gateway ? ["--service-ports"] : []),
    ...Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    spec.service,
    ...spec.command,
  ];
}

/** Arguments of the compose client for the gateway of a session. Pure. */
export function planGatewayArgs(spec: SessionSpec): string[] {
  return [
    ...planContainer(spec, gatewayName(spec)),
    // Nobody asks a gateway how it ended: its client removes it, which saves a process.
    "--rm",
    "--no-TTY",
    ...(spec.publish ? ["--service-ports"] : []),
    gatewayService(spec.service),
  ];
}

function planContainer(spec: SessionSpec, name: string): string[] {
  return [
    "--project-name",
    spec.cageId,
    "--file",
    spec.composePath,
    "run",
    "--name",
    name,
    "--no-deps",
    "--label",
    `${LABEL.session}=${spec.sessionId}`,
  ];
}

/** Variables that describe the user's terminal, and nothing else of the host. */
const TERMINAL_VARIABLES = [
  "TERM",
  "COLORTERM",
  "NO_COLOR",
  "FORCE_COLOR",
  "TERM_PROGRAM",
] as const;

/** Picks the terminal's variables out of the host's environment. */
export function planTerminalEnv(
  env: Readonly<Record<string, string | undefined>>,
  tty: boolean,
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of TERMINAL_VARIABLES) {
    const value = env[name];
    if (value === undefined || (!tty && name === "TERM")) continue;
    // A client puts these on a command line: nothing but plain words may pass.
    if (/^[A-Za-z0-9._+-]{0,64}$/.test(value)) picked[name] = value;
  }
  return picked;
}
