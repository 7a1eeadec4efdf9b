import type { DeskRequest } from "../desk/open.ts";
import type { CommandContext } from "./context.ts";
import { chooseCopyCage, hasCopyCage } from "./copy_choice.ts";

/** Which cage a command line of `start` and `attach` means. */
export type DeskWords = { cage?: string; service?: string; path?: string };

/**
 * Finds the cage of a command line: the copy cage of that name, else the one copy cage of the
 * project. With a service and no name it is the project's own cage, whatever its mode.
 *
 * @throws {UserError} Of code `usage`, when there is none or several.
 */
export async function findDeskRequest(
  words: DeskWords,
  { host }: Pick<CommandContext, "host">,
): Promise<DeskRequest> {
  const { cage, service, path } = words;
  if (cage === undefined && service !== undefined) {
    return { service, ...(path === undefined ? {} : { path }) };
  }
  const copy = await chooseCopyCage({ cage, path }, host);
  return { service: service ?? copy.service, name: copy.id };
}

/**
 * Finds the cage of a command line, and makes it first where the configuration says that commits are
 * promoted and the project has none yet.
 *
 * @throws {UserError} If there is none to be found or made.
 */
export async function findOrMakeDeskRequest(
  words: DeskWords,
  context: CommandContext,
): Promise<DeskRequest> {
  const { host, signals } = context;
  if (words.cage !== undefined || await hasCopyCage(words, host)) {
    return await findDeskRequest(words, context);
  }
  const { findProject } = await import("../project/root.ts");
  const project = await findProject({
    host,
    ...(words.path === undefined ? {} : { path: words.path }),
  });
  const { loadConfig } = await import("../config/layers.ts");
  const { config } = await loadConfig(project.path, { host });
  if (config.workspace.mode !== "promote") return await findDeskRequest(words, context);
  const { createCopyCage } = await import("../copy/create.ts");
  const { copy } = await createCopyCage({
    path: project.path,
    service: words.service,
    dirs: config.workspace.dirs,
    authMode: "api_key",
  }, { ...context, ...(signals === undefined ? {} : { signal: signals.signal }) });
  return { service: words.service ?? copy.service, name: copy.id };
}

/** The words that mean the same cage again. Pure. */
export function formatTarget({ cage, service }: DeskWords, title: string): string {
  return cage === undefined && service !== undefined ? `--service ${service}` : title;
}
