import { fetchInner } from "../fetch.ts";
import { planGitEnv } from "../git_plan.ts";
import { probeSource } from "../probe.ts";
import { landSides, planSides, type Side } from "../sides.ts";
import { buildBeside } from "./beside.ts";
import { FETCH_LIMITS } from "./look.ts";
import { lockLooks } from "./names.ts";
import { findRunning, planFetchSource, type PromoteSite } from "./site.ts";

/**
 * Brings the other branches of a cage out, those that the configuration names. They carry no
 * signatures until they land: the same commits have the same ids at each look.
 *
 * @throws {UserError} If the engine or git fails.
 */
export async function landSideBranches(
  site: PromoteSite,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Side[]> {
  const { copy: { promote: { pin, branches: patterns = [] } }, git, host } = site;
  if (patterns.length === 0) return [];
  const { signal } = options;
  using _lock = await lockLooks(site.dir);
  const source = planFetchSource(site, await findRunning(site));
  if (source.kind !== "container") return [];
  const env = planGitEnv(host.env, source.env ?? {});
  const probe = await probeSource(source.command, { env, signal });
  // Why it does not answer, the look at the branch itself has told.
  if (probe.kind !== "answers") return [];
  const { chosen, left } = planSides(probe.refs, { patterns, innerBranch: pin.innerBranch });
  const sides = await landSides(chosen, {
    git,
    pin,
    refs: probe.refs,
    fetch: (own) =>
      fetchInner({ git, env: host.env, source, pin: own, limits: FETCH_LIMITS, signal }),
    build: (tip) => buildBeside(site, { tip, signal, sign: "never" }),
  });
  if (left === 0) return sides;
  return [...sides, { name: `${left} more`, problem: "so many branches do not come out" }];
}
