import type { Config } from "../config/schema.ts";
import type { Engine } from "../engine/engine.ts";
import type { InspectedObject } from "../engine/inspect.ts";
import { requireLocal } from "../engine/local.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { LABEL } from "../names.ts";
import type { Project } from "../project/root.ts";
import { type OwnEngine, requireSameEngine } from "./own_engine.ts";
import { type CopyRecord, listCopyCages } from "./record.ts";

/** The copy cage that has the name a command line gives; `undefined` when none has. */
export async function findNamedCopy(
  request: { name?: string | undefined },
  host: Pick<Host, "stateDir">,
): Promise<CopyRecord | undefined> {
  if (request.name === undefined) return undefined;
  const known = await listCopyCages(host.stateDir);
  const found = known.find(({ copy }) => copy.name === request.name || copy.id === request.name);
  return found === undefined ? undefined : requireFilled(found.copy);
}

/** Makes the first copy cage of a project. */
export type MakeCopy = (
  wanted: { project: Pick<Project, "path">; dirs: readonly string[] },
) => Promise<CopyRecord>;

/**
 * The copy cage of a project whose configuration asks for one; `undefined` where it does not.
 *
 * @throws {UserError} If there is none yet, or several of which none was named.
 */
export async function findConfiguredCopy(
  config: Pick<Config, "workspace">,
  options: {
    project: Pick<Project, "path">;
    request: { name?: string | undefined; makeCopy?: MakeCopy | undefined };
    host: Pick<Host, "stateDir">;
  },
): Promise<CopyRecord | undefined> {
  if (config.workspace.mode === "mount") return undefined;
  const { project, request, host } = options;
  const { makeCopy } = request;
  const known = (await listCopyCages(host.stateDir))
    .filter(({ cage }) => cage.projectPath === project.path).map(({ copy }) => copy);
  if (request.name === undefined && known.length === 1) return requireFilled(known[0]!);
  if (known.length === 0 && makeCopy !== undefined) {
    return await makeCopy({ project, dirs: config.workspace.dirs });
  }
  const names = known.map(({ name }) => name).join(", ");
  throw new UserError(
    request.name !== undefined
      ? `This project has no cage named "${request.name}"`
      : known.length === 0
      ? "This project has no cage yet, and workspace.mode copy needs one"
      : "This project has several cages",
    {
      hint: known.length === 0
        ? `Make one: sandcage create${request.name === undefined ? "" : ` --name ${request.name}`}`
        : `Say which one: --name with one of ${names}`,
      exit: EXIT.usage,
      code: "usage",
    },
  );
}

/**
 * Refuses an engine that is not the cage's, or cannot do what its configuration asks for.
 *
 * @throws {UserError} If so.
 */
export async function requireOwnEngine(
  copy: OwnEngine,
  options: { engine: Engine; config: Pick<Config, "ports"> },
): Promise<void> {
  const { engine, config } = options;
  await requireSameEngine(copy, engine);
  if (config.ports.length > 0) await requireLocal(engine, "Publishing ports");
}

/**
 * Refuses a cage whose work is gone: an empty volume in its place would look like a fresh start.
 *
 * @throws {UserError} Of code `conflict`.
 */
export function requireWork(
  copy: Pick<CopyRecord, "name" | "volumes">,
  present: ReadonlyMap<string, InspectedObject>,
): void {
  if (present.get(copy.volumes.work)?.labels[LABEL.managed] === "true") return;
  throw new UserError(`The volume with the work of "${copy.name}" is not on the engine any more`, {
    hint: `It was ${copy.volumes.work}. Make the cage anew: sandcage destroy ${copy.name}`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}

/**
 * Refuses a cage that nobody finished.
 *
 * @throws {UserError} Of code `conflict`.
 */
export function requireFilled(copy: CopyRecord): CopyRecord {
  if (copy.state === "ready") return copy;
  throw new UserError(`The cage "${copy.name}" was never finished`, {
    hint: `Remove it and make it again: sandcage destroy ${copy.name}`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}
