import { addDir } from "../../copy/add_dir.ts";
import { requireFilled } from "../../copy/locate.ts";
import type { CommandContext } from "../context.ts";
import { refusePromoted } from "../../promote/cage/site.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { formatFilled, formatFilledWarnings } from "../copy_words.ts";

/** What comes into which cage. */
export type AddDirOptions = { cage: string; dir: string; name?: string | undefined };

/** `sandcage add-dir`: copies a directory into a cage, beside its project. */
export async function runAddDir(options: AddDirOptions, context: CommandContext): Promise<void> {
  const { host, io, signals } = context;
  const copy = requireFilled(await chooseCopyCage({ cage: options.cage }, host));
  refusePromoted(copy, "sandcage add-dir");
  const filled = await addDir(copy, { path: options.dir, name: options.name }, {
    context: { ...context, ...(signals === undefined ? {} : { signal: signals.signal }) },
  });
  io.talk(formatFilled([filled]));
  for (const line of formatFilledWarnings([filled])) io.warn(line);
  io.talk(`It is at /work/${filled.name} in ${copy.name}, also in what runs there now`);
}
