import { openDesk } from "../../desk/open.ts";
import type { CopyRecord } from "../../copy/record.ts";
import { proveCage } from "../../promote/cage/selftest.ts";
import { openPromoteSite, requirePromoted } from "../../promote/cage/site.ts";
import { EXIT, UserError } from "../../errors.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { type DeskWords, findOrMakeDeskRequest, formatTarget } from "../desk_request.ts";

/** `sandcage start`: has a cage run until it is stopped. */
export async function runStart(
  options: DeskWords & { selftest: boolean },
  context: CommandContext,
): Promise<number> {
  const { io, signals } = context;
  const request = await findOrMakeDeskRequest(options, context);
  const { title, was, site } = await openDesk(request, { ...context, signal: signals?.signal });
  if (was === "running") io.talk(`${title} runs already`);
  if (options.selftest) return await prove(site.copy, context);
  io.talk(`Attach to it: sandcage attach ${formatTarget(options, title)}`);
  return EXIT.ok;
}

/** Proves what the cage promises, a line for each. */
async function prove(copy: CopyRecord | undefined, context: CommandContext): Promise<number> {
  const { io, signals } = context;
  if (copy === undefined) {
    throw new UserError("Cannot prove what a cage promises that mounts its project", {
      hint: "Leave out --selftest, or use mode promote",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  const site = await openPromoteSite(requirePromoted(copy), context);
  using step = io.progress("Looking whether it keeps its promises");
  const proofs = await proveCage(site, { signal: signals?.signal });
  const failed = proofs.filter(({ holds }) => !holds);
  step.done(failed.length === 0 ? "it does" : `${failed.length} are broken`);
  io.out(
    proofs.map(({ what, holds, found }) =>
      `${holds ? "ok    " : "FAILED"}  ${what}${
        found === undefined ? "" : `: ${visibleText(found)}`
      }`
    ).join("\n"),
  );
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}
