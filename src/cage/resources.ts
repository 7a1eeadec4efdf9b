import type { Config } from "../config/schema.ts";
import type { Engine, EngineFlavor } from "../engine/engine.ts";
import type { InspectedObject } from "../engine/inspect.ts";
import { EXIT, UserError } from "../errors.ts";
import type { ProcessResult } from "../engine/process.ts";
import { pause } from "../pause.ts";
import { sha256Hex } from "../hash.ts";
import { homeVolumeName, INSIDE, LABEL, NETWORK } from "../names.ts";
import { makePodmanNetwork, type PodmanNetwork } from "./podman_network.ts";

/** Something a session needs that outlives it. */
export type Resource =
  | { kind: "home"; name: string; service: string; owner: string; cage?: string }
  | { kind: "egress"; name: string; cage?: string };

/** Whose home it is. */
export type HomeOwner = {
  id: string;
  service: string;
  user: { uid: number; gid: number };
  /** Start of its name; by default it says whose it is. */
  plainHome?: string | undefined;
};

/** Name of the volume that holds a service's home: shared by all projects, or one project's own. */
export function planHome(config: Pick<Config, "home">, owner: HomeOwner): string {
  if (owner.plainHome !== undefined) return `${owner.plainHome}-${owner.service}`;
  return homeVolumeName({
    uid: owner.user.uid,
    service: owner.service,
    ...(config.home === "project" ? { cage: owner.id } : {}),
  });
}

/** Where the mailbox of a cage is inside: its own folder of a home that other cages share. */
export function planMailbox(
  config: Pick<Config, "home">,
  owner: Pick<HomeOwner, "id" | "plainHome">,
): string {
  const isOwn = owner.plainHome !== undefined || config.home === "project";
  return isOwn ? INSIDE.mailbox : `${INSIDE.mailbox}/${owner.id}`;
}

/**
 * The way out of agents in mode `open` and of gateways. Podman keeps no members of one network from
 * each other, so there every cage has a network of its own.
 */
export function planEgress(flavor: EngineFlavor, cageId: string): Resource & { kind: "egress" } {
  return flavor === "podman"
    ? { kind: "egress", name: `${NETWORK.egress}-${cageId}`, cage: cageId }
    : { kind: "egress", name: NETWORK.egress };
}

/** What a session of one service needs besides its image. Pure. */
export function planWanted(
  config: Pick<Config, "home" | "network">,
  owner: HomeOwner & { flavor: EngineFlavor },
): Resource[] {
  const home: Resource = {
    kind: "home",
    name: planHome(config, owner),
    service: owner.service,
    owner: `${owner.user.uid}:${owner.user.gid}`,
    ...(config.home === "project" ? { cage: owner.id } : {}),
  };
  const { mode, egress } = config.network;
  const shared = mode === "open" || (mode === "allowlist" && egress === null);
  return shared ? [home, planEgress(owner.flavor, owner.id)] : [home];
}

/** What must be made because the engine does not have it. Pure. */
export function planResources(
  wanted: readonly Resource[],
  present: ReadonlyMap<string, InspectedObject>,
): Resource[] {
  return wanted.filter((resource) => {
    const found = present.get(resource.name);
    if (found === undefined) return true;
    if (found.labels[LABEL.managed] !== "true") throw notOurs(resource);
    return false;
  });
}

function notOurs(resource: Resource): UserError {
  const what = resource.kind === "home" ? "volume" : "network";
  return new UserError(`The ${what} ${resource.name} exists and was not made by sandcage`, {
    hint: `Look at it with: docker ${what} inspect ${resource.name}; ` +
      `when nothing needs it: docker ${what} rm ${resource.name}`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}

/**
 * Arguments that make a resource. A home takes its owner from the image when it is first mounted;
 * the shared network keeps cages from talking to each other.
 */
export function formatResourceArgs(resource: Resource): string[] {
  const labels = ["--label", `${LABEL.managed}=true`];
  switch (resource.kind) {
    case "home":
      labels.push("--label", `${LABEL.service}=${resource.service}`);
      labels.push("--label", `${LABEL.owner}=${resource.owner}`);
      if (resource.cage !== undefined) labels.push("--label", `${LABEL.cage}=${resource.cage}`);
      return ["volume", "create", ...labels, resource.name];
    case "egress":
      return [
        "network",
        "create",
        ...labels,
        "--opt",
        "com.docker.network.bridge.enable_icc=false",
        // Engines take two networks of one name when both are asked for in the same moment, and the
        // name is ambiguous then. Of two bridges of one name they refuse the second at once.
        "--opt",
        `com.docker.network.bridge.name=sc-${sha256Hex(resource.name).slice(0, 10)}`,
        resource.name,
      ];
  }
}

/** The same for Podman: `isolate` keeps networks from each other, as docker does by itself. Pure. */
export function planPodmanEgress(resource: Resource & { kind: "egress" }): PodmanNetwork {
  const { name, cage } = resource;
  return {
    name,
    driver: "bridge",
    internal: false,
    dns_enabled: true,
    ipv6_enabled: false,
    options: { isolate: "true" },
    labels: { [LABEL.managed]: "true", ...(cage === undefined ? {} : { [LABEL.cage]: cage }) },
  };
}

/**
 * Makes what is missing. Two clients may meet here: the loser finds it already made.
 *
 * @throws {UserError} With code `engine-failed`, if the engine refuses.
 */
export async function applyResources(
  missing: readonly Resource[],
  engine: Pick<Engine, "docker" | "capabilities" | "url" | "title">,
): Promise<void> {
  for (const resource of missing) {
    const made = resource.kind === "egress" && engine.capabilities.flavor === "podman"
      ? await makePodmanNetwork(planPodmanEgress(resource), engine)
      : await engine.docker(formatResourceArgs(resource));
    if (await isThere(resource, made, engine)) continue;
    const kind = resource.kind === "home" ? "volume" : "network";
    throw new UserError(`Cannot make the ${kind} ${resource.name}: ${made.stderr.trim()}`, {
      hint: "Run: sandcage doctor",
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
}

/** How long the winner's network may take to appear, and between two looks, in milliseconds. */
const APPEAR_MS = 5_000;
const LOOK_MS = 100;

async function isThere(
  resource: Resource,
  made: Pick<ProcessResult, "code">,
  engine: Pick<Engine, "docker">,
): Promise<boolean> {
  // A volume that exists is made again with success.
  if (made.code === 0 || resource.kind === "home") return made.code === 0;
  for (let waitedMs = 0; waitedMs < APPEAR_MS; waitedMs += LOOK_MS) {
    if ((await engine.docker(["network", "inspect", resource.name])).code === 0) return true;
    await pause(LOOK_MS);
  }
  return false;
}
