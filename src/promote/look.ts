import type { FetchFailure, FetchOutcome } from "./fetch_outcome.ts";
import { settleBoth } from "./both.ts";
import { hasGap, repairGap } from "./gap_repair.ts";
import { landCommits, type LandOptions, previewLanding } from "./land.ts";
import { listCommits } from "./odb.ts";
import { offerName } from "./offer.ts";
import { isWait, LOCK_MS, observePlace } from "./place.ts";
import { formatRawPath } from "./raw_path.ts";
import { recoverLanding } from "./recover.ts";
import { readRefs } from "./refs.ts";
import type { RewriteRequest, Rewritten } from "./rewrite.ts";
import { type Look, type ObjectId, type Pin, promoteRefs, type Wait } from "./types.ts";
import { paused, shortBranch } from "./waits.ts";

/** What a look works with. Everything that acts is handed in. */
export type LookOptions = LandOptions & {
  /** Asks the cage for its commits. Not called before what was interrupted is settled. */
  fetch(): Promise<FetchOutcome>;
  /** Builds the commits of the user's side. */
  rewrite(request: Omit<RewriteRequest, "identity">): Promise<Rewritten>;
  nowMs: number;
  /** A lock that is held longer is told as one that somebody may have left. Milliseconds. */
  lockMs?: number;
  /**
   * Says what would happen and does nothing of it. `rewrite` then keeps its objects elsewhere.
   *
   * @param env Tells git where they are.
   */
  dryRun?: { env: Readonly<Record<string, string>> } | undefined;
};

/** What one look led to. */
export type LookOutcome =
  | Look
  /** The cage gave no commits. */
  | { kind: "failed"; failure: FetchFailure };

/**
 * One whole cycle: settles what was interrupted or taken back by another git, asks the cage, builds commits, lands them. Waiting
 * is no state that is kept: each look decides anew. Where some commits fit and others do not, those
 * that fit land, and the next look tells of the rest.
 *
 * @throws {UserError} If git fails. Branch, index and working tree are as they were.
 */
export async function lookAtCage(options: LookOptions): Promise<LookOutcome> {
  const { pin, dryRun } = options;
  if (dryRun === undefined) {
    const wait = await recoverLanding(options) ?? await repairGap(options);
    if (wait !== undefined) return { kind: "waiting", pending: 0, wait };
  }
  const fetched = await options.fetch();
  switch (fetched.kind) {
    case "nothing":
      return { kind: "idle" };
    case "new":
      return await landNew(fetched, options);
    case "rewritten":
      return await tellWaiting(rewrittenWait(pin), { inner: fetched.tip, options });
    default:
      return { kind: "failed", failure: fetched };
  }
}

/** Why commits whose history was changed inside do not land by themselves. */
export function rewrittenWait(pin: Pin): Wait {
  const branch = shortBranch(pin.branch);
  return paused("rewritten", {
    text: `Commits wait: "${pin.innerBranch}" inside no longer contains what has landed; ` +
      `"${branch}" is never rewritten`,
    hint: `Take it as a branch of its own: promote --to ${shortBranch(offerName(pin, 1))}; ` +
      "once that is merged it goes on by itself",
    paths: [],
  });
}

async function landNew(
  { tip: inner, range }: Extract<FetchOutcome, { kind: "new" }>,
  options: LookOptions,
): Promise<Look> {
  const wait = (why: Wait) => tellWaiting(why, { inner, options });
  const place = await observePlace({ ...options, lockMs: options.lockMs ?? LOCK_MS });
  if (isWait(place)) return await wait(place);
  const { tip: onto, done = options.pin.snapshot } = place;
  const building = startBuilding({ tip: inner, done, onto, range }, options);
  const begun = await Promise.race([building.trees, building.built]);
  if (isWait(begun)) return await wait(begun);
  // Files are staged while commits are still being written.
  const whole = building.built.then(requireBuilt);
  const to = whole.then(({ tip }) => tip);
  // A landing that something stands in the way of does not ask for it.
  to.catch(() => {});
  const landing = { ...begun, from: onto, to };
  const { dryRun } = options;
  const [landed, { tip, commits }] = await settleBoth(
    dryRun === undefined
      ? landCommits(landing, { ...options, isBehind: () => hasGap(options) })
      : previewLanding({ from: onto, to: begun.tree }, { ...options, env: dryRun.env }),
    whole,
  );
  if (landed.kind !== "landed") return await wait(landed);
  return {
    kind: "landed",
    commits,
    from: onto,
    to: tip,
    changed: landed.changed.map(formatRawPath),
  };
}

async function tellWaiting(
  wait: Wait,
  { inner, options }: { inner: ObjectId; options: LookOptions },
): Promise<Look> {
  const range = { from: await readDone(options), tip: inner };
  return { kind: "waiting", pending: (await listCommits(options.git, range)).length, wait };
}

async function readDone({ git, pin }: LookOptions): Promise<ObjectId> {
  const { done } = promoteRefs(pin);
  return (await readRefs(git, [done])).get(done) ?? pin.snapshot;
}

function requireBuilt(built: Built | Wait): Built {
  if (isWait(built)) throw new Error(`Trees were there, and then: ${built.text}`);
  return built;
}

/** Commits of the user's side; `tree` is an id by which git finds their files. */
type Built = { tip: ObjectId; tree: ObjectId; inner: ObjectId; commits: number };

type Building = {
  /** What their last tree is, once it is in the repository. */
  trees: Promise<Pick<Built, "tree" | "inner">>;
  built: Promise<Built | Wait>;
};

/** Builds all commits, or those before the first that does not fit. */
function startBuilding(
  request: Omit<RewriteRequest, "identity">,
  { rewrite }: LookOptions,
): Building {
  const trees = Promise.withResolvers<Pick<Built, "tree" | "inner">>();
  const build = (inner: ObjectId) =>
    rewrite({ ...request, tip: inner, onTree: (tree) => trees.resolve({ tree, inner }) });
  const buildFitting = async (): Promise<Built | Wait> => {
    let built = await build(request.tip);
    let inner = request.tip;
    if (built.kind === "collision") {
      if (built.fits === undefined || built.fits === request.done) return collisionWait(built);
      inner = built.fits;
      built = await build(inner);
      if (built.kind === "collision") return collisionWait(built);
    }
    return { tip: built.tip, tree: built.tip, inner, commits: built.commits };
  };
  return { trees: trees.promise, built: buildFitting() };
}

/** The user committed something else at a path that a commit inside changes. */
function collisionWait({ commit, paths }: Extract<Rewritten, { kind: "collision" }>): Wait {
  const more = paths.length === 1 ? "" : `, and ${paths.length - 1} more`;
  return {
    kind: "paused",
    reason: "collision",
    text: `Commits wait: ${JSON.stringify(paths[0])} was committed on both sides${more}; ` +
      `the first that does not fit is ${commit.slice(0, 12)} inside`,
    hint: "Commit these files as they are inside, or take the commits on a branch and merge it: " +
      "promote --to NAME",
    paths,
  };
}
