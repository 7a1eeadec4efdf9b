import { type Area, newAt } from "./area.ts";
import { settleBoth } from "./both.ts";
import { type Change, isModule, listChanges } from "./changes.ts";
import { findFiltered, type HostSettings, planNoFilters, readSettings } from "./filters.ts";
import { formatGitFailure, type Git } from "./git.ts";
import { type FileFacts, type HostFiles, hostFiles } from "./host_files.ts";
import type { IndexEntry, Seen } from "./index_file.ts";
import { indexPath, observeIndex } from "./index_lock.ts";
import { type Identity, identityOf } from "./journal.ts";
import {
  filterWait,
  indexWait,
  noIndexWait,
  partialWait,
  sparseWait,
  unwritableWait,
} from "./land_waits.ts";
import { planLanding, type PlannedStep } from "./landing_plan.ts";
import { checkoutFiles, observeChanges } from "./preconditions.ts";
import type { Platform } from "../tree/paths.ts";
import type { ObjectId, Pin, Wait } from "./types.ts";

/** Between which trees files change: ids of trees, or of commits that have them. */
export type TreeRange = { from: ObjectId; to: ObjectId };

/** What staging works with. */
export type StageOptions = {
  /** The user's repository with its working tree. */
  git: Git;
  pin: Pin;
  platform: Platform;
  files?: HostFiles;
  /** Where everything is written. */
  area: Area;
  /** For calls that read the commits: where their objects are. */
  env?: Readonly<Record<string, string>> | undefined;
  at?: ((moment: string) => void) | undefined;
};

/** A landing that nothing of the user's stands in the way of. */
export type Prepared = {
  kind: "ready";
  area: Area;
  changes: readonly Change[];
  steps: readonly PlannedStep[];
  settings: HostSettings;
  /** The user's index that it was decided by; a copy with the changes is in the area. */
  index: Identity;
  /** What was at the paths of steps when it was decided. */
  olds: ReadonlyMap<string, FileFacts>;
  /** What the index noted of the file at each of `changes`. */
  seen: readonly (Seen | null)[];
};

/** Its new files, by their paths. */
export type NewFiles = ReadonlyMap<string, Identity>;

/**
 * Decides whether files can change without touching anything that is the user's, and brings the copy
 * of the index to where they shall be.
 *
 * @throws {UserError} If git fails.
 */
export async function prepareLanding(
  { from, to }: TreeRange,
  options: StageOptions,
): Promise<Prepared | Wait> {
  const { git, pin, area, files = hostFiles(), platform, env = {} } = options;
  const index = observeIndex(pin);
  if (index === undefined) return noIndexWait(pin);
  const [settings, changes, bytes] = await Promise.all([
    readSettings(git),
    listChanges(git, { from, to, env }),
    Deno.readFile(indexPath(pin)),
  ]);
  if (settings.isSparse) return sparseWait(pin);
  await Deno.writeFile(area.index, bytes);
  const indexEnv = { ...env, GIT_INDEX_FILE: area.index };
  const config = [...planNoFilters(settings), "core.splitIndex=false"];
  const reading = git.run(["read-tree", "-i", "-m", from, to], { env: indexEnv, config });
  const [{ observed, isPartial }, read] = await settleBoth(
    observeChanges(changes, {
      ...{ git, files, settings, platform, area },
      worktree: pin.worktree,
      index: { bytes, mtimeMs: index.mtimeMs },
    }),
    reading,
  );
  if (isPartial) return partialWait(pin);
  const plan = planLanding(changes, observed, { platform, ...settings });
  if (plan.kind === "wait") return plan.wait;
  options.at?.("planned");
  if (read.code !== 0) return indexWait(formatGitFailure(read));
  const filtered = await findFiltered(git, placedPaths(plan.steps), { settings, env: indexEnv });
  if (filtered.length > 0) return filterWait(filtered);
  const olds = new Map<string, FileFacts>();
  for (const { path, old } of changes) {
    const facts = observed.get(path)!.facts;
    if (old !== undefined && !isModule(old) && facts !== undefined) olds.set(path, facts);
  }
  const seen = changes.map(({ path }) => seenOf(observed.get(path)!.entry));
  return { kind: "ready", area, changes, steps: plan.steps, settings, index, olds, seen };
}

/** Has git write the new files into the area, by the attributes that come with them. */
export async function stageFiles(
  { area, steps, settings }: Pick<Prepared, "area" | "steps" | "settings">,
  { git, files = hostFiles(), env, at }: StageOptions,
): Promise<{ kind: "staged"; news: NewFiles } | Wait> {
  const paths = placedPaths(steps);
  const staging = git.in({ gitDir: git.gitDir, worktree: area.new, ...(env && { env }) });
  const { failed } = await checkoutFiles(staging, { paths, index: area.index, settings });
  at?.("staged");
  const news = new Map<string, Identity>();
  for (const path of paths) {
    const facts = files.lstat(newAt(area.path, path));
    if (facts === undefined || failed !== undefined) {
      return unwritableWait(path, failed ?? "");
    }
    news.set(path, identityOf(facts));
  }
  return { kind: "staged", news };
}

function seenOf(entry: IndexEntry | undefined): Seen | null {
  if (entry === undefined) return null;
  const { ino, mtimeMs, size } = entry.stat;
  return { ino, mtimeMs, size };
}

/** Where a file or link comes. */
export function placedPaths(steps: readonly PlannedStep[]): string[] {
  return steps.filter(({ kind }) => kind === "place").map(({ path }) => path);
}
