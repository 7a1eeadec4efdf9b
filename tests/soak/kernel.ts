import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { NETWORK } from "../../src/names.ts";
import { sha256Hex } from "../../src/hash.ts";
import type { Made } from "./engine_events.ts";

/** Where what a container or a network leaves shows, read at one moment. */
export type KernelFacts = {
  /** Names of directories of control groups, with their hierarchy. */
  cgroups: readonly string[];
  /** Names of network interfaces. */
  interfaces: readonly string[];
  /** Lines of `iptables-save`. */
  rules: readonly string[];
  /** Paths of what the engine has on disk of containers: settings, layers, tasks. */
  records: readonly string[];
};

/** What is still there and on the engine's lists. */
export type Alive = { containers: ReadonlySet<string>; networks: ReadonlySet<string> };

/** What the kernel and the engine's disk still have of what is gone from the engine. Pure. */
export function findTraces(made: Made, { facts, alive }: { facts: KernelFacts; alive: Alive }) {
  const traces: string[] = [];
  for (const [id, name] of made.containers) {
    if (alive.containers.has(id)) continue;
    const find = (lines: readonly string[], what: string) => {
      for (const line of lines) if (line.includes(id)) traces.push(`${what} of ${name}: ${line}`);
    };
    find(facts.cgroups, "control group");
    find(facts.records, "record of the engine");
  }
  for (const [id, name] of made.networks) {
    if (alive.networks.has(id)) continue;
    for (const bridge of bridgesOf(id, name)) {
      if (facts.interfaces.includes(bridge)) traces.push(`bridge of ${name}: ${bridge}`);
      for (const rule of facts.rules) {
        if (rule.split(" ").includes(bridge)) traces.push(`rule of ${name}: ${rule}`);
      }
    }
  }
  return traces;
}

/** The name an engine gives a bridge, and the one that src/cage/resources.ts gives. */
function bridgesOf(id: string, name: string): string[] {
  return [`br-${id.slice(0, 12)}`, `sc-${sha256Hex(name).slice(0, 10)}`]
    .filter((bridge) => bridge !== `sc-${sha256Hex(NETWORK.egress).slice(0, 10)}`);
}

/** Reads the facts of this machine; `dataDir` is the engine's. Needs root. */
export async function readKernelFacts(dataDir: string): Promise<KernelFacts> {
  const [cgroups, interfaces, rules, records] = await Promise.all([
    listCgroups(),
    list("/sys/class/net"),
    listRules(),
    listRecords(dataDir),
  ]);
  return { cgroups, interfaces, rules, records };
}

async function listRecords(dataDir: string): Promise<string[]> {
  const drivers = await list(join(dataDir, "image"));
  const places = [
    "containers",
    "containerd/daemon/io.containerd.runtime.v2.task/moby",
    ...drivers.map((driver) => `image/${driver}/layerdb/mounts`),
  ];
  return await listIn(dataDir, places);
}

/** Both versions: where an engine puts its containers under cgroupfs and under systemd. */
async function listCgroups(): Promise<string[]> {
  const root = "/sys/fs/cgroup";
  const parents = ["docker", "system.slice"];
  const places = [
    ...parents,
    ...(await list(root)).flatMap((controller) =>
      parents.map((parent) => join(controller, parent))
    ),
  ];
  return await listIn(root, places);
}

/** What is in directories below a root, as paths from there. */
async function listIn(root: string, places: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    places.map(async (place) => (await list(join(root, place))).map((name) => join(place, name))),
  );
  return found.flat();
}

async function listRules(): Promise<string[]> {
  const found = await run("iptables-save", [], { timeoutMs: 30_000 }).catch((error) => {
    // Without the program the engine makes no rules.
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  return found?.stdout.split("\n") ?? [];
}

async function list(dir: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
}
