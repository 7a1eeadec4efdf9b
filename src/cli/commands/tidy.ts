import { EXIT, UserError } from "../../errors.ts";
import { formatBytes } from "../../transfer/progress.ts";
import { findTidy, parseTidyPath, type TidyFound } from "../../transfer/tidy.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { openFileSite } from "../file_site.ts";
import { formatCount, formatJson } from "../output.ts";

/** What goes from which cage. */
export type TidyOptions = {
  cage?: string | undefined;
  path?: string;
  /** Paths below one directory of the cage; without any, caches in all of them. */
  paths: readonly string[];
  dir?: string | undefined;
  dryRun: boolean;
  json: boolean;
};

/** `sandcage tidy`: removes caches inside, or what is named; prints what went. */
export async function runTidy(options: TidyOptions, context: CommandContext): Promise<void> {
  const { io } = context;
  const { dryRun } = options;
  const paths = options.paths.map(parseTidyPath);
  const all = paths.length === 0 && options.dir === undefined;
  await using site = await openFileSite({ ...options, all }, context);
  const gone: (TidyFound & { dir: string })[] = [];
  for (const { name: root } of site.roots) {
    using step = io.progress(`Looking through ${root}`);
    const found = await findTidy(site.courier, root, { paths });
    const absent = paths.find((path) => !found.some((one) => one.path === path));
    if (absent !== undefined) {
      throw new UserError(`There is no ${JSON.stringify(absent)} in ${root} of ${site.cage.name}`, {
        hint: `Nothing was removed. Paths are relative to /work/${root}`,
        exit: EXIT.usage,
        code: "usage",
      });
    }
    if (!dryRun && found.length > 0) await site.courier.remove(root, found.map(({ path }) => path));
    step.done(formatCount(found.length, "path"));
    gone.push(...found.map((one) => ({ dir: root, ...one })));
  }
  if (options.json) {
    return io.out(formatJson({ cage: site.cage.name, removed: !dryRun, paths: gone }));
  }
  for (const { dir, path, bytes } of gone) {
    io.out(`${visibleText(all ? `${dir}/${path}` : path)}  ${formatBytes(bytes)}`);
  }
  const bytes = gone.reduce((sum, one) => sum + one.bytes, 0);
  io.talk(
    gone.length === 0
      ? "There is nothing to remove"
      : `${dryRun ? "Would remove" : "Removed"} ${formatCount(gone.length, "path")}, ${
        formatBytes(bytes)
      }`,
  );
}
