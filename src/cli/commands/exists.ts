import { isAbandoned } from "../../copy/claim.ts";
import { listCopyCages } from "../../copy/record.ts";
import { cageDir, findCage } from "../../cage/store.ts";
import { EXIT } from "../../errors.ts";
import type { CommandContext } from "../context.ts";

/** `sandcage exists`: says by its exit code whether a cage has this name. */
export async function runExists(name: string, { host }: CommandContext): Promise<number> {
  const copies = (await listCopyCages(host.stateDir)).map(({ copy }) => copy);
  const copy = copies.find((copy) => copy.name === name || copy.id === name);
  // What an interrupted `create` left is in nobody's way.
  if (copy !== undefined) {
    return await isAbandoned(copy, host.stateDir) ? EXIT.failed : EXIT.ok;
  }
  const isId = /^[a-z0-9][a-z0-9_-]*$/.test(name);
  const mounted = isId ? await findCage(cageDir(host.stateDir, name)) : undefined;
  return mounted === undefined ? EXIT.failed : EXIT.ok;
}
