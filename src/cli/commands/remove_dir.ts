import { removeDir, requireDir } from "../../copy/add_dir.ts";
import { observePending } from "../../copy/changes.ts";
import { requireFilled } from "../../copy/locate.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { formatCount } from "../output.ts";

/** What goes from which cage. */
export type RemoveDirOptions = { cage: string; dir: string; yes: boolean; force: boolean };

/** `sandcage remove-dir`: takes a directory out of a cage, unless work in it would be lost. */
export async function runRemoveDir(
  options: RemoveDirOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io, signals } = context;
  const copy = requireFilled(await chooseCopyCage({ cage: options.cage }, host));
  const root = requireDir(copy, options.dir);
  const about = { ...context, ...(signals === undefined ? {} : { signal: signals.signal }) };
  if (!options.force) {
    const [pending] = await observePending(copy, about, { only: root.name });
    const lost = pending === undefined ? 0 : pending.inner + pending.conflicts;
    if (lost > 0) {
      throw new UserError(
        `Cannot remove "${root.name}": ${formatCount(lost, "change")} in it did not come out`,
        {
          hint: `Take them out: sandcage export ${copy.name} --dir ${root.name}\n` +
            `Or remove it with them: sandcage remove-dir ${copy.name} ${root.name} --force`,
          exit: EXIT.conflict,
          code: "conflict",
        },
      );
    }
  }
  const question = `Remove /work/${root.name} from ${copy.name}? ${root.hostPath} stays as it is.`;
  if (!options.yes && !await io.confirm(question, { assumed: false })) {
    io.talk(io.interactive ? "Nothing was removed" : "Nothing was removed: add --yes");
    return EXIT.failed;
  }
  using step = io.progress(`Removing ${root.name} from ${copy.name}`);
  await removeDir(copy, root, { context: about });
  step.done();
  return EXIT.ok;
}
