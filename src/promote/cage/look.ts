import { join } from "node:path";
import { fetchInner, type FetchLimits } from "../fetch.ts";
import type { FetchOutcome } from "../fetch_outcome.ts";
import { lookAtCage, type LookOutcome } from "../look.ts";
import { offerCommits } from "../offer.ts";
import { type NewObject, writePack } from "../pack.ts";
import { readRefs } from "../refs.ts";
import { adoptTaken, findTakenBranch, noteTaken } from "../taken.ts";
import { promoteRefs } from "../types.ts";
import { shortBranch } from "../waits.ts";
import { buildBeside, planRewrite } from "./beside.ts";
import { lockLooks } from "./names.ts";
import { findRunning, planFetchSource, type PromoteSite } from "./site.ts";

/** What one fetch may bring. */
export const FETCH_LIMITS: FetchLimits = { bytes: 2_000_000_000, timeoutMs: 15 * 60_000 };

/** How a look is taken. */
export type PromoteLookOptions = {
  signal?: AbortSignal | undefined;
  /** `tell` says what would land and lands nothing. Defaults to `land`. */
  act?: "land" | "tell";
};

/**
 * Looks into a cage once: fetches its commits and lands them. Looks of several processes come one
 * after the other.
 *
 * @throws {UserError} If the engine or git fails; nothing of the user's has changed then.
 */
export async function lookAtPromoted(
  site: PromoteSite,
  options: PromoteLookOptions = {},
): Promise<LookOutcome> {
  using _lock = await lockLooks(site.dir);
  const { copy: { promote: { pin } }, git, dir, host } = site;
  const { signal, act = "land" } = options;
  const common = {
    git,
    pin,
    stateDir: dir,
    fetch: () => fetchAndAdopt(site, signal),
    nowMs: Date.now(),
    platform: host.platform,
  };
  if (act === "land") {
    const rewrite = await planRewrite(site, { git, signal });
    return await tellTaken(await lookAtCage({ ...common, rewrite }), site);
  }
  await using scratch = await openScratch(site);
  const outcome = await lookAtCage({
    ...common,
    dryRun: { env: scratch.env },
    // What is only told of need not be signed: it goes nowhere.
    rewrite: await planRewrite(site, { git, signal, store: scratch.store, sign: "never" }),
  });
  return await tellTaken(outcome, site);
}

/** Fetches; commits that the user took on a branch and merged since have landed. */
async function fetchAndAdopt(
  site: PromoteSite,
  signal: AbortSignal | undefined,
): Promise<FetchOutcome> {
  const fetched = await fetchFrom(site, signal);
  if (fetched.kind !== "new" && fetched.kind !== "rewritten") return fetched;
  const { copy: { promote: { pin } }, git, dir } = site;
  const { tip } = fetched;
  const adopted = await adoptTaken(git, { pin, stateDir: dir, tip });
  if (adopted === undefined) return fetched;
  return { kind: adopted === tip ? "nothing" : "new", tip };
}

/** Commits that wait and are on a branch already need only be merged. */
async function tellTaken(outcome: LookOutcome, site: PromoteSite): Promise<LookOutcome> {
  if (outcome.kind !== "waiting") return outcome;
  const { wait } = outcome;
  if (wait.reason !== "rewritten" && wait.reason !== "collision") return outcome;
  const { copy: { promote: { pin } }, git, dir } = site;
  const refs = promoteRefs(pin);
  const tip = (await readRefs(git, [refs.in])).get(refs.in);
  const branch = tip && await findTakenBranch(git, { stateDir: dir, tip });
  if (branch === undefined) return outcome;
  const hint = `They are on "${branch}": git switch ${shortBranch(pin.branch)} && ` +
    `git merge ${branch}; what comes after lands by itself again`;
  return { ...outcome, wait: { ...wait, hint } };
}

/**
 * Takes all commits of a cage on a branch of their own. The branch that commits land on does not
 * move; once the user has merged the other one into it, they count as landed.
 *
 * @param options.branch Full name of the branch; by default one of sandcage's own.
 * @returns Its full name and how many commits it has of the cage.
 * @throws {UserError} If it is there with other commits, or the cage cannot be asked.
 */
export async function offerPromoted(
  site: PromoteSite,
  options: { branch?: string | undefined; signal?: AbortSignal | undefined },
): Promise<
  { kind: "offered"; branch: string; commits: number } | Exclude<LookOutcome, { kind: "landed" }>
> {
  using _lock = await lockLooks(site.dir);
  const { copy: { promote: { pin } }, git } = site;
  const fetched = await fetchFrom(site, options.signal);
  if (!("tip" in fetched)) return { kind: "failed", failure: fetched };
  if (fetched.tip === pin.snapshot) return { kind: "idle" };
  const built = await buildBeside(site, { tip: fetched.tip, signal: options.signal });
  const branch = await offerCommits(git, { pin, tip: built.tip, name: options.branch });
  await noteTaken(site.dir, { inner: fetched.tip, outer: built.tip, branch });
  return { kind: "offered", branch, commits: built.commits };
}

/** How many commits of a cage were fetched and have not landed. */
export async function countPending(site: PromoteSite): Promise<number> {
  const { copy: { promote: { pin } }, git } = site;
  const refs = promoteRefs(pin);
  const known = await readRefs(git, [refs.in, refs.done]);
  const tip = known.get(refs.in);
  if (tip === undefined) return 0;
  const from = known.get(refs.done) ?? pin.snapshot;
  const count = await git.read(["rev-list", "--count", tip, `^${from}`], {
    what: "Cannot count the commits to promote",
  });
  return Number(new TextDecoder().decode(count).trim());
}

async function fetchFrom(
  site: PromoteSite,
  signal: AbortSignal | undefined,
): Promise<FetchOutcome> {
  const { copy, git, host } = site;
  return await fetchInner({
    git,
    env: host.env,
    source: planFetchSource(site, await findRunning(site)),
    pin: copy.promote.pin,
    limits: FETCH_LIMITS,
    signal,
  });
}

/** Objects of a look that changes nothing: beside the user's, and gone with it. */
async function openScratch(site: PromoteSite) {
  const { git, copy: { promote: { pin } } } = site;
  const dir = await Deno.makeTempDir({ prefix: "promote-" });
  const objects = join(dir, "objects");
  for (const name of ["objects/info", "objects/pack", "refs"]) {
    await Deno.mkdir(join(dir, name), { recursive: true });
  }
  const env = {
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(pin.commonDir, "objects"),
  };
  return {
    env,
    async store(made: readonly NewObject[]): Promise<void> {
      if (made.length === 0) return;
      const what = "Cannot build the commits to promote";
      await git.read(["unpack-objects", "-q"], { what, env, stdin: writePack(made) });
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Deno.remove(dir, { recursive: true });
    },
  };
}
