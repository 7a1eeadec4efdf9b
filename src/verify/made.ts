import { listCageIds } from "../cage/store.ts";
import type { Engine } from "../engine/engine.ts";
import { LABEL } from "../names.ts";

/** Removes what is left on the engine of the sessions of one state directory, and their homes. */
export async function removeMade(
  { stateDir }: { stateDir: string },
  engine: Pick<Engine, "docker">,
): Promise<void> {
  for (const id of await listCageIds(stateDir)) {
    const filter = ["--filter", `label=${LABEL.cage}=${id}`];
    const left = await engine.docker(["ps", "--all", "--quiet", ...filter]);
    for (const name of listLines(left.stdout)) await engine.docker(["rm", "--force", name]);
    const volumes = await engine.docker(["volume", "ls", "--quiet", ...filter]);
    for (const name of listLines(volumes.stdout)) await engine.docker(["volume", "rm", name]);
  }
}

/** Containers of the sessions of a project, by name. */
export async function listSessionContainers(
  project: string,
  engine: Pick<Engine, "docker">,
): Promise<string[]> {
  const filter = ["--filter", `label=${LABEL.project}=${project}`, "--format", "{{.Names}}"];
  return listLines((await engine.docker(["ps", "--all", ...filter])).stdout);
}

function listLines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
