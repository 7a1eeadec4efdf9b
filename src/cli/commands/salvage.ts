import { resolve } from "node:path";
import { openRemains } from "../../copy/salvage.ts";
import { listSessions } from "../../cage/sessions.ts";
import { EXIT } from "../../errors.ts";
import { formatPath } from "../../project/root.ts";
import { openCourier } from "../../transfer/courier.ts";
import { denoFs } from "../../transfer/deno_fs.ts";
import { formatBytes, formatTransfer } from "../../transfer/progress.ts";
import { applySalvage, makeFreshDir, scanWork } from "../../transfer/salvage.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { formatCount, formatJson } from "../output.ts";

/** Of which cage, and where it goes. */
export type SalvageOptions = {
  /** Name or id of a cage, or the name of its volume. */
  cage?: string | undefined;
  path?: string;
  yes: boolean;
  outputDir?: string | undefined;
  json: boolean;
};

/** `sandcage salvage`: everything out of a cage that is broken or half there. */
export async function runSalvage(
  options: SalvageOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io, signals } = context;
  const signal = signals?.signal;
  const about = { ...context, ...(signal === undefined ? {} : { signal }) };
  const word = options.cage ?? (await chooseCopyCage(options, host)).id;
  await using remains = await openRemains(word, about);
  const { cage } = remains;
  await using courier = await openCourier(cage, { signal });
  const tree = await look(courier, { name: cage.name, io });
  if ((await listSessions(host.stateDir, cage.id)).some(({ live }) => live)) {
    io.warn(`Something runs in ${cage.name}: what it changes meanwhile stays behind`);
  }
  const dir = resolve(host.cwd, options.outputDir ?? `${cage.name}-salvage`);
  const bytes = tree.entries.reduce((sum, { size }) => sum + size, 0);
  const what = `${formatCount(tree.entries.length, "path")}, ${formatBytes(bytes)}`;
  const question = `Write ${what} and the repositories of ${cage.name} to ${formatPath(dir)}?`;
  if (!options.yes && !await io.confirm(question, { assumed: true })) {
    io.talk("Nothing was written");
    return EXIT.failed;
  }
  const target = await makeFreshDir(dir);
  using step = io.progress(`Salvaging ${cage.name}`);
  const { paths, bytes: written, repositories, left } = await applySalvage({
    cage,
    courier,
    tree,
    target,
    fs: denoFs(),
    platform: host.platform,
    onProgress: (state) => step.update(formatTransfer(state)),
  });
  step.done(`${formatCount(paths, "path")}, ${formatBytes(written)}`);
  if (options.json) {
    io.out(formatJson({ cage: cage.name, dir: target, paths, bytes: written, repositories, left }));
  } else {
    io.out(target);
    if (repositories.length > 0) {
      io.talk(
        `Repositories as the cage had them, hooks and all, in ${repositories.join(", ")}: ` +
          "look into one only where it may do harm",
      );
    }
    for (const { path, reason } of left) io.warn(`Left behind: ${visibleText(path)}: ${reason}`);
  }
  return left.length === 0 ? EXIT.ok : EXIT.conflict;
}

async function look(
  courier: Parameters<typeof scanWork>[0],
  { name, io }: { name: string } & Pick<CommandContext, "io">,
) {
  using step = io.progress(`Looking through ${name}`);
  const tree = await scanWork(courier);
  step.done(formatCount(tree.entries.length, "path"));
  return tree;
}
