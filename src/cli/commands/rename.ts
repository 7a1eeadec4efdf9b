import { renameCopyCage } from "../../copy/claim.ts";
import { requireCopyCage } from "../../copy/record.ts";
import { parseCageName } from "../../project/identity.ts";
import type { CommandContext } from "../context.ts";

/** `sandcage rename`: gives a cage another name; nothing of it moves. */
export async function runRename(
  names: { from: string; to: string },
  { host, io }: CommandContext,
): Promise<void> {
  const to = parseCageName(names.to);
  const copy = await requireCopyCage(host.stateDir, { word: names.from });
  await renameCopyCage(copy, to, { stateDir: host.stateDir });
  io.talk(`${copy.name} is now ${to}`);
}
