import type { Area } from "./area.ts";
import { type Change, isModule } from "./changes.ts";
import type { HostSettings } from "./filters.ts";
import type { Git } from "./git.ts";
import type { FileFacts, HostFiles } from "./host_files.ts";
import type { Identity } from "./journal.ts";
import { findBlocked, planLanding, type PlannedStep } from "./landing_plan.ts";
import { observeChanges, type Observed } from "./preconditions.ts";
import type { Platform } from "../tree/paths.ts";

/** Where files are looked for and with what. */
export type GapFilesOptions = {
  git: Git;
  files: HostFiles;
  settings: HostSettings;
  platform: Platform;
  worktree: string;
  area: Area;
  /** The user's index, which has the older sides. */
  index: { bytes: Uint8Array; identity: Identity };
};

/** Files that are to be brought back to what landed, and how. */
export type GapFiles = {
  steps: readonly PlannedStep[];
  /** What is at their paths now. */
  olds: ReadonlyMap<string, FileFacts>;
};

/**
 * Finds those of some changes whose file is the older side, byte for byte; whatever else is there is
 * the user's, and no step touches it.
 *
 * @throws {UserError} If git fails.
 */
export async function findGapFiles(
  changes: readonly Change[],
  options: GapFilesOptions,
): Promise<GapFiles> {
  const { settings, platform, index } = options;
  const planned = { platform, ...settings };
  for (let left = changes; left.length > 0;) {
    const { observed } = await observeChanges(left, {
      ...options,
      index: { bytes: index.bytes, mtimeMs: index.identity.mtimeMs },
    });
    const plan = planLanding(left, observed, planned);
    if (plan.kind === "land") return { steps: plan.steps, olds: oldsOf(left, observed) };
    // What stays may be in the way of more: of a file where its directory is.
    const blocked = findBlocked(left, observed, planned);
    if (blocked.size === 0) break;
    left = left.filter((change) => !blocked.has(change));
  }
  return { steps: [], olds: new Map() };
}

function oldsOf(
  changes: readonly Change[],
  observed: ReadonlyMap<string, Observed>,
): Map<string, FileFacts> {
  const olds = new Map<string, FileFacts>();
  for (const { path, old } of changes) {
    const facts = observed.get(path)!.facts;
    if (old !== undefined && !isModule(old) && facts !== undefined) olds.set(path, facts);
  }
  return olds;
}
