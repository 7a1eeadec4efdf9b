import { askEngine } from "../engine/api.ts";
import { findSocket } from "../engine/attach.ts";
import type { Engine } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";

/** A network as Podman's own API takes it. */
export type PodmanNetwork = {
  name: string;
  driver: "bridge";
  /** Without it nothing routes anywhere. */
  internal: boolean;
  /** A name server of the engine's own, on an address of the host. */
  dns_enabled: boolean;
  ipv6_enabled: boolean;
  subnets?: readonly { subnet: string; lease_range?: { start_ip: string; end_ip: string } }[];
  /** Where members send what is for elsewhere. */
  routes?: readonly { destination: string; gateway: string }[];
  options?: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
};

/** Whether it was made, and what Podman said when it was not. */
export type MadeNetwork = { code: 0 | 1; stderr: string };

/** Of the oldest Podman that was tried; newer ones answer to it. */
const PATH = "/v5.0.0/libpod/networks/create";

/** Making one takes milliseconds. */
const TIMEOUT_MS = 30_000;

/**
 * Makes a network by Podman's own API: its answers to docker's drop the options that keep the host and
 * other cages away, and say nothing of it. What it says it made is compared with what was asked for.
 *
 * @throws {UserError} Of code `engine-failed`, when Podman is not behind a socket of this machine, or
 * makes another network than it was asked for.
 */
export async function makePodmanNetwork(
  network: PodmanNetwork,
  engine: Pick<Engine, "url" | "title" | "docker">,
): Promise<MadeNetwork> {
  const socket = findSocket(engine.url);
  if (socket === undefined) {
    throw new UserError(`Networks of Podman are made over its socket; ${engine.title} is none`, {
      hint:
        "Set DOCKER_HOST to the socket, unix:///run/podman/podman.sock, or network.mode to none",
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
  const { status, body } = await askEngine(socket, {
    path: PATH,
    body: JSON.stringify(network),
    timeoutMs: TIMEOUT_MS,
  });
  if (status !== 200) return { code: 1, stderr: readCause(body) };
  const difference = findDifference(network, body);
  if (difference === undefined) return { code: 0, stderr: "" };
  await engine.docker(["network", "rm", network.name]);
  throw new UserError(`Podman made another network than it was asked for: ${difference}`, {
    hint: "Run: sandcage doctor",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}

/** Podman's reason in its answer. */
function readCause(body: string): string {
  try {
    const { cause, message } = JSON.parse(body) as { cause?: string; message?: string };
    return cause ?? message ?? body;
  } catch {
    return body;
  }
}

/** What of the network that was made is not as asked for; nothing when all of it is. Pure. */
export function findDifference(asked: PodmanNetwork, answer: string): string | undefined {
  let made: Partial<Omit<PodmanNetwork, "subnets">> & { subnets?: { gateway?: string }[] };
  try {
    made = JSON.parse(answer);
  } catch {
    return "its answer cannot be read";
  }
  for (const key of ["name", "driver", "internal", "dns_enabled", "ipv6_enabled"] as const) {
    if (made[key] !== asked[key]) return `${key} is ${made[key]}, not ${asked[key]}`;
  }
  for (const [name, value] of Object.entries(asked.options ?? {})) {
    if (made.options?.[name] !== value) return `the option ${name} is ${made.options?.[name]}`;
  }
  const host = made.subnets?.find(({ gateway }) => gateway !== undefined)?.gateway;
  if (asked.internal && !asked.dns_enabled && host !== undefined) {
    return `the host is in it as ${host}`;
  }
  return undefined;
}
