import { join } from "node:path";
import { docker } from "../../tools/engine_state.ts";
import { RUN_ID, RUN_ROOT } from "../e2e/support/world.ts";
import { TEMPORARY } from "./world.ts";
import type { EngineEvents } from "./engine_events.ts";
import { findTraces, readKernelFacts } from "./kernel.ts";
import type { Photo } from "./photo.ts";
import type { Late } from "./late.ts";
import { listProcesses, listSockets } from "./processes.ts";
import { stateItem } from "./state_kind.ts";

/** Looks at all that this run has on engine and machine. */
export async function takePhoto(
  { events, dataDir, late }: { events: EngineEvents; dataDir: string; late: readonly Late[] },
): Promise<Photo> {
  const made = events.made();
  const [containers, networks, volumes, facts, sockets] = await Promise.all([
    listObjects(["ps", "--all", "--no-trunc", "--format", CONTAINER]),
    listObjects(["network", "ls", "--no-trunc", "--format", NETWORK]),
    listObjects(["volume", "ls", "--format", VOLUME]),
    readKernelFacts(dataDir),
    listSockets(RUN_ROOT),
  ]);
  const ours = {
    containers: containers.filter(({ id, line }) =>
      line.includes(RUN_ID) || made.containers.has(id)
    ),
    networks: networks.filter(({ id, line }) => line.includes(RUN_ID) || made.networks.has(id)),
    volumes: volumes.filter(({ line }) => line.includes(RUN_ID)),
  };
  const alive = {
    containers: new Set(containers.map(({ id }) => id)),
    networks: new Set(networks.map(({ id }) => id)),
  };
  // A courier ends by itself when it has had nothing to do for ten minutes.
  const lasting = ours.containers.filter(({ role }) => role !== "courier");
  const couriers = ours.containers.filter(({ role }) => role === "courier");
  const gone = [...made.containers.keys()].filter((id) => !alive.containers.has(id));
  const processes = await listProcesses([RUN_ROOT], gone);
  return {
    container: [...lasting.map(({ name }) => name), ...listStray(couriers, ours.volumes)],
    network: ours.networks.map(({ name }) => name)
      .filter((name) => !late.some(({ network }) => network === name)),
    volume: ours.volumes.map(({ name }) => name),
    // That its containers were made from: others build images on this engine, too.
    image: [...made.images],
    process: processes.map(({ pid, command }) => `${pid} ${command}`),
    socket: sockets,
    "temporary file": await listTemporary(),
    "state file": await listState(late),
    "kernel trace": findTraces(made, { facts, alive }),
  };
}

const CONTAINER = '{{.ID}}\t{{.Names}}\t{{.Label "dev.sandcage.role"}}\t{{.Labels}}';
const NETWORK = "{{.ID}}\t{{.Name}}\t\t{{.Labels}}";
const VOLUME = "{{.Name}}\t{{.Name}}\t\t{{.Labels}}";

type EngineObject = { id: string; name: string; role: string; line: string };

async function listObjects(args: readonly string[]): Promise<EngineObject[]> {
  return (await docker(args)).split("\n").filter((line) => line !== "").map((line) => {
    const [id, name, role] = line.split("\t");
    return { id: id!, name: name!, role: role!, line };
  });
}

/** Couriers whose cage is gone. */
function listStray(
  couriers: readonly EngineObject[],
  volumes: readonly EngineObject[],
): string[] {
  const cageOf = (line: string) => /dev\.sandcage\.cage=([^,]+)/.exec(line)?.[1];
  const cages = new Set(volumes.map(({ line }) => cageOf(line)));
  return couriers.filter(({ line }) => !cages.has(cageOf(line))).map(({ name }) => name);
}

/** What a run's programs put into the directory for it, and what in /tmp has the run's name. */
async function listTemporary(): Promise<string[]> {
  const names = async (dir: string) =>
    (await Array.fromAsync(Deno.readDir(dir)).catch(ifMissing)).map(({ name }) => name);
  return [
    ...await names(TEMPORARY),
    ...(await names("/tmp")).filter((name) =>
      name.includes(RUN_ID) && join("/tmp", name) !== RUN_ROOT
    ),
  ];
}

/** What is below all state directories of the run. */
async function listState(late: readonly Late[]): Promise<string[]> {
  const items: string[] = [];
  for (const { name } of await Array.fromAsync(Deno.readDir(RUN_ROOT)).catch(ifMissing)) {
    const state = join(RUN_ROOT, name, "state");
    const world = name.replace(/-[^-]*$/, "");
    for (const path of await listFiles(state, "")) {
      if (late.some(({ files }) => join(state, path).startsWith(files))) continue;
      const bytes = await Deno.lstat(join(state, path)).then(({ size }) => size, () => undefined);
      const item = bytes === undefined ? undefined : stateItem({ path, bytes });
      if (item !== undefined) items.push(`${item} of ${world}`);
    }
  }
  return items;
}

async function listFiles(root: string, dir: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await Array.fromAsync(Deno.readDir(join(root, dir))).catch(ifMissing)) {
    const path = dir === "" ? entry.name : `${dir}/${entry.name}`;
    if (entry.isDirectory) files.push(...await listFiles(root, path), `${path}/`);
    else files.push(path);
  }
  return files;
}

/** What goes while it is looked at is gone. */
function ifMissing(error: unknown): Deno.DirEntry[] {
  const isMissing = error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory;
  if (isMissing) return [];
  throw error;
}
