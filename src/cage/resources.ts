import type { Engine } from "../engine/engine.ts";
import type { InspectedObject } from "../engine/inspect.ts";
import { EXIT, UserError } from "../errors.ts";
import { LABEL } from "../names.ts";

/** Something a session needs that outlives it. */
export type Resource =
  | { kind: "home"; name: string; service: string; owner: string; cage?: string }
  | { kind: "egress"; name: string };

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
        resource.name,
      ];
  }
}

/**
 * Makes what is missing. Two clients may meet here: the loser finds it already made.
 *
 * @throws {UserError} With code `engine-failed`, if the engine refuses.
 */
export async function applyResources(
  missing: readonly Resource[],
  engine: Pick<Engine, "docker">,
): Promise<void> {
  for (const resource of missing) {
    const made = await engine.docker(formatResourceArgs(resource));
    if (made.code === 0) continue;
    const kind = resource.kind === "home" ? "volume" : "network";
    if ((await engine.docker([kind, "inspect", resource.name])).code === 0) continue;
    throw new UserError(`Cannot make the ${kind} ${resource.name}: ${made.stderr.trim()}`, {
      hint: "Run: sandcage doctor",
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
}
