import { findCounterparts } from "../counterparts.ts";
import type { Git } from "../git.ts";
import type { NewObject } from "../pack.ts";
import { readRefs } from "../refs.ts";
import { rewriteCommits, type RewriteRequest, type Rewritten } from "../rewrite.ts";
import { createSign, readSigning, type Sign } from "../sign.ts";
import { storeObjects } from "../store.ts";
import { type ObjectId, promoteRefs } from "../types.ts";
import type { PromoteSite } from "./site.ts";

/** Builds commits of the user's side. */
export type Rewrite = (request: Omit<RewriteRequest, "identity">) => Promise<Rewritten>;

/** How they are built. */
export type RewritePlan = {
  git: Git;
  signal: AbortSignal | undefined;
  /** Takes what is made; by default the user's repository. */
  store?: (objects: readonly NewObject[]) => Promise<void>;
  /** `never`: also where the user signs. Defaults to what the cage's settings say. */
  sign?: "never";
};

/**
 * Plans how commits of a cage are built: under the user's name, signed if they are.
 *
 * @throws {UserError} If they are to be signed and it is not known how.
 */
export async function planRewrite(site: PromoteSite, options: RewritePlan): Promise<Rewrite> {
  const { copy: { promote }, host } = site;
  const { git, signal } = options;
  const { pin, identity } = promote;
  const store = options.store ?? ((objects) => storeObjects(objects, { git, pin }));
  const sign: Sign | undefined = promote.sign && options.sign !== "never"
    ? createSign(await readSigning(git, identity), { env: host.env, signal })
    : undefined;
  return (request) =>
    rewriteCommits({ ...request, identity }, {
      git,
      store,
      known: () =>
        findCounterparts(git, {
          inner: { from: pin.snapshot, tip: request.done },
          outer: { from: pin.base, tip: request.onto },
        }),
      sign,
      signal,
    });
}

/**
 * Builds commits that stand beside the branch the others land on: on top of what landed, where they
 * fit there, else on top of what the cage began with.
 *
 * @param options.tip The last of them inside; it is in the user's repository.
 */
export async function buildBeside(
  site: PromoteSite,
  options: { tip: ObjectId; signal: AbortSignal | undefined; sign?: "never" },
): Promise<{ tip: ObjectId; commits: number }> {
  const { copy: { promote: { pin } }, git } = site;
  const { tip, ...how } = options;
  const rewrite = await planRewrite(site, { git, ...how });
  const refs = promoteRefs(pin);
  const known = await readRefs(git, [refs.done, refs.out]);
  const [done, onto] = [known.get(refs.done) ?? pin.snapshot, known.get(refs.out) ?? pin.base];
  const built = await rewrite({ tip, done, onto });
  // None are left where history inside was taken back.
  if (built.kind === "built" && built.commits > 0) return built;
  const whole = await rewrite({ tip, done: pin.snapshot, onto: pin.base });
  if (whole.kind === "built") return whole;
  throw new Error(`Commits do not fit what they began with: ${whole.paths.join(", ")}`);
}
