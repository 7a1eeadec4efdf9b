import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import { EXIT, UserError } from "../errors.ts";
import { LABEL } from "../names.ts";
import type { CopyRecord } from "./record.ts";

/** The part of a record that says where a cage is. */
export type OwnEngine = Pick<CopyRecord, "id" | "name" | "engine" | "engineId" | "volumes">;

/**
 * Refuses to look for a volume where it is not. By a context, by its socket or over TCP an engine is
 * the same one: where its title is not as it was, or its id, the volume says it. No id could alone:
 * that of Docker 20.10 is the machine's, and an engine that is set up anew has another.
 *
 * @throws {UserError} Of code `conflict`, when the cage belongs to another engine.
 */
export async function requireSameEngine(copy: OwnEngine, engine: Engine): Promise<void> {
  const { id } = engine.capabilities;
  const hasTitle = engine.title === copy.engine;
  const hasOtherId = copy.engineId !== undefined && id !== "" && id !== copy.engineId;
  if (hasTitle && !hasOtherId) return;
  if (await hasWork(copy, engine)) return;
  throw new UserError(
    hasTitle
      ? `The cage "${copy.name}" is on another engine, which was ${copy.engine} then`
      : `The cage "${copy.name}" is on ${copy.engine}, this is ${engine.title}`,
    {
      hint: "Choose its engine with --context or DOCKER_HOST",
      exit: EXIT.conflict,
      code: "conflict",
    },
  );
}

async function hasWork({ id, volumes: { work } }: OwnEngine, engine: Engine): Promise<boolean> {
  const labels = (await inspectAll(engine, [work])).get(work)?.labels;
  return labels?.[LABEL.managed] === "true" && labels[LABEL.cage] === id;
}

/** What a record remembers of the engine that a cage is on. */
export function describeEngine(engine: Engine): Pick<CopyRecord, "engine" | "engineId"> {
  const { title, capabilities: { id } } = engine;
  return { engine: title, ...(id === "" ? {} : { engineId: id }) };
}
