import type { DeskRequest } from "../cage/desk_open.ts";
import type { CommandContext } from "./context.ts";
import { chooseCopyCage } from "./copy_choice.ts";

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

/** The words that mean the same cage again. Pure. */
export function formatTarget({ cage, service }: DeskWords, title: string): string {
  return cage === undefined && service !== undefined ? `--service ${service}` : title;
}
