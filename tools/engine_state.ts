import { run } from "../src/engine/process.ts";
import { LABEL } from "../src/names.ts";

/** What exists on the engine, by name. */
export type EngineState = { containers: string[]; volumes: string[]; networks: string[] };

/** Runs `docker ARGS`; a non-zero exit is an error of the test itself. */
export async function docker(args: readonly string[], timeoutMs = 180_000): Promise<string> {
  const result = await run("docker", args, { timeoutMs });
  if (result.code !== 0) {
    throw new Error(`docker ${args.join(" ")} ended with ${result.code}: ${result.stderr}`);
  }
  return result.stdout.trim();
}

/** Containers of projects below a folder, stopped ones included. */
export async function listContainers(root: string): Promise<string[]> {
  const format = `{{.Names}}\t{{.Label "${LABEL.project}"}}`;
  const all = await lines(["ps", "--all", ...managed(), "--format", format]);
  return all.map((line) => line.split("\t"))
    .filter(([, project]) => project === root || project?.startsWith(`${root}/`))
    .map(([name]) => name!);
}

/** Volumes whose name, cage or project belongs to a folder or a run. */
export function listVolumes(mark: string): Promise<string[]> {
  return listVolumesOf([mark]);
}

async function listVolumesOf(marks: readonly string[]): Promise<string[]> {
  const format = `{{.Name}}\t{{.Label "${LABEL.project}"}}\t{{.Label "${LABEL.cage}"}}`;
  const all = await lines(["volume", "ls", ...managed(), "--format", format]);
  return all.map((line) => line.split("\t"))
    .filter((fields) => fields.some((field) => marks.some((mark) => field.includes(mark))))
    .map(([name]) => name!);
}

/** Everything of one run, by the run's id in names and project paths. */
export async function observeRun(runId: string): Promise<EngineState> {
  const format = `{{.Names}}\t{{.Label "${LABEL.project}"}}`;
  const containers = await lines(["ps", "--all", ...managed(), "--format", format]);
  // A session's own network is known by its cage, whose id begins with the project's name.
  const named = `{{.Name}}\t{{.Label "${LABEL.cage}"}}`;
  const networks = await lines(["network", "ls", ...managed(), "--format", named]);
  return {
    containers: containers.filter((line) => line.includes(runId))
      .map((line) => line.split("\t")[0]!),
    volumes: await listVolumes(runId),
    networks: networks.filter((line) => line.includes(runId)).map((line) => line.split("\t")[0]!),
  };
}

/** Removes the containers and home volumes of every project below a folder; says what was there. */
export async function removeCageOf(root: string): Promise<EngineState> {
  const marks = [...await cageIds(root), `${root}/`];
  const labels = [LABEL.project, LABEL.cage, LABEL.role].map((label) => `{{.Label "${label}"}}`);
  const format = ["{{.Names}}", ...labels].join("\t");
  // Two questions for everything: every call of the client costs as much as the answer to it.
  const found = (await lines(["ps", "--all", ...managed(), "--format", format]))
    .map((line) => line.split("\t"));
  const containers = found
    .filter(([, project]) => project === root || project?.startsWith(`${root}/`))
    .map(([name]) => name!);
  // A courier waits for more work and ends by itself: it is no leak, and its volumes can go now.
  const couriers = found
    .filter(([, , cage, role]) => role === "courier" && marks.includes(cage!))
    .map(([name]) => name!);
  const going = [...new Set([...containers, ...couriers])];
  if (going.length > 0) await removeContainers(going);
  const volumes = await listVolumesOf(marks);
  if (volumes.length > 0) await docker(["volume", "rm", ...volumes]);
  return { containers, volumes, networks: [] };
}

/** How long the engine may take for a container that is going by itself, in milliseconds. */
const GOING_MS = 60_000;

/** What the engine says of a container that ended in the same moment. */
const IS_GOING = /already in progress|No such container/i;

/** Removes containers; one that somebody else is just removing is waited for. */
async function removeContainers(names: readonly string[]): Promise<void> {
  const { code, stderr } = await run("docker", ["rm", "--force", "--volumes", ...names], {
    timeoutMs: 180_000,
  });
  if (code === 0) return;
  const said = stderr.split("\n").filter((line) => line.trim() !== "");
  if (!said.every((line) => IS_GOING.test(line))) {
    throw new Error(`Cannot remove ${names.join(" and ")}: ${stderr}`);
  }
  for (const deadline = Date.now() + GOING_MS; Date.now() < deadline;) {
    const there = await lines(["ps", "--all", "--format", "{{.Names}}"]);
    if (!names.some((name) => there.includes(name))) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${names.join(" and ")} did not go: ${stderr}`);
}

/** Facts of one object as the engine tells them. */
export async function inspect(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await docker(["inspect", name]))[0];
}

/** Cage ids are the folders below the state directory of a world. */
async function cageIds(root: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(`${root}/state/cages`));
    return entries.filter((entry) => entry.isDirectory).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function managed(): string[] {
  return ["--filter", `label=${LABEL.managed}=true`];
}

async function lines(args: readonly string[]): Promise<string[]> {
  return (await docker(args)).split("\n").filter((line) => line !== "");
}
