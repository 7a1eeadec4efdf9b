import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { EXIT, UserError } from "../../errors.ts";
import { formatBytes, formatTransfer } from "../../transfer/progress.ts";
import { planSync } from "../../transfer/plan_sync.ts";
import type { TransferPlan } from "../../transfer/plan_transfer.ts";
import { applySync, type Synced } from "../../transfer/sync.ts";
import { createIgnoreMatcher } from "../../tree/ignore_rules.ts";
import { quotePath } from "../../tree/visible.ts";
import type { CommandContext } from "../context.ts";
import { toRows } from "../file_rows.ts";
import {
  type FileRoot,
  type FileSite,
  type FileWords,
  openFileRoot,
  openFileSite,
} from "../file_site.ts";
import { showTables, warnAboutLeft } from "../file_view.ts";
import { formatCount, formatJson } from "../output.ts";
import { findMeant } from "../suggest.ts";

/** What `sandcage sync` was asked for. */
export type SyncWords = FileWords & {
  /** Files and directories of the host; none means all. */
  files: readonly string[];
  yes: boolean;
  delete: boolean;
  includeCache: boolean;
  json: boolean;
};

type Prepared = { opened: FileRoot; plan: TransferPlan };

/** `sandcage sync`: sends what the host changed into a cage. Exit 5 when there is a conflict. */
export async function runSync(options: SyncWords, context: CommandContext): Promise<number> {
  const { io } = context;
  if (options.files.length > 0 && options.all) {
    throw usage("--files and --all contradict each other", "Choose the directory with --dir");
  }
  await using site = await openFileSite(options, context);
  await using held = new AsyncDisposableStack();
  const prepared: Prepared[] = [];
  for (const root of site.roots) {
    const opened = held.use(
      await openFileRoot(site, root, {
        context,
        words: {},
        direction: "in",
        includeCache: options.includeCache,
        protect: [],
      }),
    );
    prepared.push({ opened, plan: plan(opened, { options, site, context }) });
  }
  const listed = prepared.map(({ opened, plan }) => ({
    name: opened.root.name,
    target: opened.target,
    rows: toRows(plan),
    notCarried: plan.problems,
  }));
  const hasConflict = prepared.some(({ plan }) => plan.conflicts.length > 0);
  if (!options.json && (io.interactive || hasConflict)) showTables(listed, context);
  const isAgreed = await agree(prepared, { options, site, context });
  const synced: Synced[] = [];
  if (isAgreed) {
    for (const one of prepared) synced.push(await carry(site, one, context));
  } else io.talk("Nothing was sent");
  if (options.json) {
    const dirs = listed.map(({ rows, ...dir }, at) => ({
      ...dir,
      changes: rows,
      ...(synced[at] === undefined ? {} : { synced: synced[at] }),
    }));
    io.out(formatJson({ cage: site.cage.name, done: isAgreed, dirs }));
  }
  if (!isAgreed) return EXIT.failed;
  const hasRefused = synced.some(({ refusedLinks }) => refusedLinks.length > 0);
  return hasConflict || hasRefused ? EXIT.conflict : EXIT.ok;
}

function plan(
  { root, look }: FileRoot,
  { options, site, context }: { options: SyncWords; site: FileSite; context: CommandContext },
): TransferPlan {
  if (options.files.length === 0) return planSync(look, { delete: options.delete });
  const wanted = options.files.map((word) => {
    const path = findPath(word, { root: root.hostPath, cwd: context.host.cwd });
    requireKnown(path, { root, look, site });
    return path;
  });
  const isWanted = (path: string) =>
    wanted.some((one) => one === "" || path === one || path.startsWith(`${one}/`));
  return planSync(look, { delete: options.delete, isWanted });
}

/**
 * Finds the path that a word of the command line means: from the current directory where that is
 * inside, else from the top of the directory that is sent. Pure.
 *
 * @throws {UserError} If it leads out of it.
 */
export function findPath(word: string, options: { root: string; cwd: string }): string {
  const { root, cwd } = options;
  const isInside = (path: string) =>
    path !== ".." && !path.startsWith(`..${sep}`) &&
    !isAbsolute(path);
  const start = isInside(relative(root, cwd)) ? cwd : root;
  const path = relative(root, resolve(start, word));
  if (!isInside(path)) {
    throw usage(
      `Cannot send ${JSON.stringify(word)}: it is not in ${quotePath(root)}`,
      "Only files of the directory that the cage has a copy of can be sent",
    );
  }
  return path.split(sep).join("/");
}

function requireKnown(
  path: string,
  { root, look, site }: Pick<FileRoot, "root" | "look"> & { site: FileSite },
): void {
  const stat = path === "" ? undefined : site.fs.lstat(join(root.hostPath, path));
  if (path === "" || look.differences.some((one) => one.path === path)) return;
  if (stat === undefined) {
    const meant = findMeant(path, listNear(path, { root: root.hostPath, site }));
    throw usage(
      `There is no ${quotePath(path)} in ${quotePath(root.hostPath)}`,
      meant === undefined ? "Paths are relative to it" : `Did you mean ${quotePath(meant)}?`,
    );
  }
  const source = createIgnoreMatcher(look.rules)(path, { directory: stat.kind === "dir" });
  if (source === undefined) return;
  throw usage(
    `${quotePath(path)} does not go in: ${source.origin} names it`,
    "Change the pattern, or take it in with a line that begins with !",
  );
}

/** Names beside the one that is not there. */
function listNear(path: string, { root, site }: { root: string; site: FileSite }): string[] {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  try {
    return site.fs.list(join(root, parent)).filter((name) => typeof name === "string")
      .map((name) => parent === "" ? name : `${parent}/${name}`);
  } catch {
    return [];
  }
}

async function agree(
  prepared: readonly Prepared[],
  { options, site, context }: { options: SyncWords; site: FileSite; context: CommandContext },
): Promise<boolean> {
  const { io } = context;
  const count = prepared.reduce((sum, { plan }) => sum + countChanges(plan), 0);
  if (count === 0 || options.yes || !io.interactive) return true;
  return await io.confirm(
    `Send ${formatCount(count, "change")} into cage "${site.cage.name}"?`,
    { assumed: true },
  );
}

async function carry(
  site: FileSite,
  { opened, plan }: Prepared,
  context: CommandContext,
): Promise<Synced> {
  const { io } = context;
  const { root, look } = opened;
  warnAboutLeft(opened, { plan, context });
  if (countChanges(plan) === 0) {
    io.talk(`There is nothing to send of ${quotePath(root.hostPath)}`);
    return await applySync({ ...site, root, look, plan });
  }
  using step = io.progress(`Sending ${quotePath(root.hostPath)}`);
  const synced = await applySync({
    ...site,
    root,
    look,
    plan,
    onProgress: (state) => step.update(formatTransfer(state)),
  });
  if (synced.changed.length > 0) {
    const shown = synced.changed.slice(0, 5).map(quotePath).join(", ");
    throw new UserError(`Nothing was sent: the cage changed meanwhile: ${shown}`, {
      hint: "Run it again",
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
  const { written, removed, bytes } = synced;
  step.done(
    `${formatCount(written, "path")}, ${formatBytes(bytes)}` +
      (removed > 0 ? `, ${removed} removed` : ""),
  );
  for (const path of synced.refusedLinks) {
    io.warn(`Not made, as it leads outside through another symlink: ${quotePath(path)}`);
  }
  return synced;
}

function countChanges({ writes, removes, modes }: TransferPlan): number {
  return writes.length + removes.length + modes.length;
}

function usage(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.usage, code: "usage" });
}
