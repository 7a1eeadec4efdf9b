import { isBuilt, locateCage, planSite, prepareCage, type PreparedCage } from "../cage/prepare.ts";
import { inspectAll } from "../engine/inspect.ts";
import { UserError } from "../errors.ts";
import { SHELL_SERVICE } from "../names.ts";
import { type Check, fail, ok, warn } from "../setup/check.ts";
import type { CaseResult } from "../verify/case.ts";
import { CASES } from "../verify/cases.ts";
import { openConfigSuite } from "../verify/config/suite.ts";
import { openContainerSuite } from "../verify/container/suite.ts";
import { runCases } from "../verify/run.ts";
import { selectCases } from "../verify/select.ts";
import type { CommandContext } from "./context.ts";

const NAME = "walls";

/** Tries the ways out of a cage that take seconds. */
export async function tryWalls(cage: PreparedCage, context: CommandContext): Promise<CaseResult[]> {
  const { host, io, signals } = context;
  const takeSignals = () => signals?.handOver() ?? { [Symbol.dispose]() {} };
  const cases = selectCases(CASES, { suites: [], ids: [], quick: true });
  return await runCases(cases, {
    open: {
      container: () => openContainerSuite(cage, { host, io, takeSignals }),
      config: () => openConfigSuite(host),
    },
    failFast: false,
    nowMs: () => performance.now(),
    onResult() {},
    signal: signals?.signal,
  });
}

/**
 * Tries the ways out of the project's cage that take seconds. Builds nothing: where no image is,
 * there is no cage to get out of.
 */
export async function observeWalls(context: CommandContext): Promise<Check> {
  // Whoever asks what is wrong is not asked for anything.
  const io = { ...context.io, warn() {}, talk() {}, interactive: false };
  try {
    const site = await locateCage({ service: SHELL_SERVICE }, { ...context, io });
    const { images, gateway } = await planSite(site, { ...context, io });
    const plans = [images, ...(gateway === undefined ? [] : [gateway])];
    const present = await inspectAll(site.engine, plans.map(({ final }) => final.ref));
    if (!plans.every((plan) => isBuilt(plan, present))) {
      return ok(NAME, "not tried, there is no image yet (sandcage verify builds it)");
    }
    using step = context.io.progress("Trying to get out of the cage");
    const cage = await prepareCage(site, { ...context, io });
    const results = await tryWalls(cage, { ...context, io });
    step.done();
    const failed = results.filter(({ verdict }) => verdict === "fail");
    const unproved = results.filter(({ verdict }) => verdict === "inconclusive");
    if (failed.length > 0) {
      const detail = failed.map(({ case: { id, title } }) => `${id} ${title}`).join("; ");
      return fail(NAME, { detail: `not held: ${detail}`, fix: "sandcage verify says why" });
    }
    return unproved.length > 0
      ? warn(NAME, {
        detail: `not proved: ${unproved.map(({ case: { id } }) => id).join(", ")}`,
        fix: "sandcage verify says why",
      })
      : ok(NAME, `${results.length} ways out tried, none open (sandcage verify tries all)`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return warn(NAME, { detail: `not tried: ${error.message}`, fix: error.hint ?? "see above" });
  }
}
