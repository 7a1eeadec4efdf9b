import { resolve } from "node:path";
import { type CopyRecord, listCopyCages, requireCopyCage } from "../copy/record.ts";
import type { Host } from "../host.ts";
import { cageId } from "../project/identity.ts";
import { isSameOrInside } from "../project/refused.ts";
import { findProject } from "../project/root.ts";

/** How a command line says which cage it is about. */
export type CopyChoice = {
  /** Name, id, or the start of one. */
  cage?: string | undefined;
  /** The project, as on the command line. */
  path?: string | undefined;
};

/**
 * The copy cage that a command is about: the named one, else that of the directory stood in, which
 * may be the clone that a cage was made from.
 *
 * @throws {UserError} If it means none or several.
 */
export async function chooseCopyCage(choice: CopyChoice, host: Host): Promise<CopyRecord> {
  const word = choice.cage;
  if (word !== undefined) return await requireCopyCage(host.stateDir, { word });
  const own = await findProjectOfCage(choice, host);
  const projectPath = own ?? (await findProject({ host, ...pathOf(choice) })).path;
  return await requireCopyCage(host.stateDir, { projectPath });
}

/** Whether the directory stood in has a copy cage, or several. */
export async function hasCopyCage(choice: Pick<CopyChoice, "path">, host: Host): Promise<boolean> {
  if (await findProjectOfCage(choice, host) !== undefined) return true;
  const { path } = await findProject({ host, ...pathOf(choice) });
  return (await listCopyCages(host.stateDir)).some(({ cage }) => cage.projectPath === path);
}

/**
 * Every cage of the directory stood in: the one that mounts its project, and the copy cages of it.
 *
 * @throws {UserError} If it is neither a project nor in what a cage was made from.
 */
export async function findCagesHere(
  choice: Pick<CopyChoice, "path">,
  host: Host,
): Promise<string[]> {
  const own = await findProjectOfCage(choice, host);
  const project = await findProject({ host, ...pathOf(choice) }).catch((error) => {
    // The clone of a cage lies among sandcage's own files, and is no project.
    if (own === undefined) throw error;
  });
  const paths = [own, project?.path];
  return [
    ...project === undefined ? [] : [cageId(project)],
    ...(await listCopyCages(host.stateDir))
      .filter(({ cage }) => paths.includes(cage.projectPath)).map(({ copy }) => copy.id),
  ];
}

async function findProjectOfCage(choice: CopyChoice, host: Host): Promise<string | undefined> {
  const start = await Deno.realPath(resolve(host.cwd, choice.path ?? ".")).catch(() => undefined);
  if (start === undefined) return undefined;
  return (await listCopyCages(host.stateDir))
    .map(({ cage }) => cage.projectPath)
    .filter((path) => isSameOrInside(start, path))
    .sort((a, b) => b.length - a.length)[0];
}

function pathOf({ path }: CopyChoice): { path?: string } {
  return path === undefined ? {} : { path };
}
