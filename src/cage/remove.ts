import type { Engine } from "../engine/engine.ts";
import type { ManagedObject } from "./inventory.ts";

/** Something that could not be removed, and what the engine said. */
export type RemovalFailure = { object: ManagedObject; reason: string };

/** Users come before what they use: containers, then networks and volumes, then images. */
const ORDER: readonly ManagedObject["kind"][] = ["container", "network", "volume", "image"];

const COMMANDS = {
  container: ["rm", "--force"],
  network: ["network", "rm"],
  volume: ["volume", "rm"],
  image: ["image", "rm", "--force"],
} as const;

/** Orders what is to be removed so that nothing is still in use when its turn comes. Pure. */
export function planRemoval(objects: readonly ManagedObject[]): ManagedObject[] {
  return [...objects].sort((a, b) =>
    ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.title.localeCompare(b.title)
  );
}

/**
 * Removes one after the other and goes on after a failure: what is gone already is as good as
 * removed.
 */
export async function applyRemoval(
  plan: readonly ManagedObject[],
  options: { engine: Pick<Engine, "docker">; onRemoved?: (object: ManagedObject) => void },
): Promise<RemovalFailure[]> {
  const failures: RemovalFailure[] = [];
  for (const object of plan) {
    const result = await options.engine.docker([...COMMANDS[object.kind], object.id]);
    if (result.code === 0 || await isGone(object, options.engine)) options.onRemoved?.(object);
    else failures.push({ object, reason: result.stderr.trim() });
  }
  return failures;
}

/** How long somebody else may take to remove a container, in milliseconds, and how often it is looked. */
const REMOVING_MS = 10_000;
const REMOVING_POLL_MS = 100;

/** A container that its session's client is just removing is waited for. */
async function isGone(
  object: ManagedObject,
  engine: Pick<Engine, "docker">,
): Promise<boolean> {
  const format = object.kind === "container" ? "{{.State.Status}}" : "there";
  for (let waited = 0;; waited += REMOVING_POLL_MS) {
    const result = await engine.docker([object.kind, "inspect", "--format", format, object.id]);
    if (result.code !== 0) return true;
    if (result.stdout.trim() !== "removing" || waited >= REMOVING_MS) return false;
    await new Promise((resolve) => setTimeout(resolve, REMOVING_POLL_MS));
  }
}
