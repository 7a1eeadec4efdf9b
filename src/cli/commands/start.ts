import { type CageSite, prepareCage } from "../../cage/prepare.ts";
import { openDesk } from "../../desk/open.ts";
import { EXIT } from "../../errors.ts";
import { SILENT_IO } from "../../io.ts";
import { type Proof, proveCage } from "../../promote/cage/selftest.ts";
import { openPromoteSite, requirePromoted } from "../../promote/cage/site.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CaseResult } from "../../verify/case.ts";
import type { CommandContext } from "../context.ts";
import { type DeskWords, findOrMakeDeskRequest, formatTarget } from "../desk_request.ts";
import { tryWalls } from "../walls.ts";

/** `sandcage start`: has a cage run until it is stopped. */
export async function runStart(
  options: DeskWords & { selftest: boolean },
  context: CommandContext,
): Promise<number> {
  const { io, signals } = context;
  const request = await findOrMakeDeskRequest(options, context);
  const { title, was, site } = await openDesk(request, { ...context, signal: signals?.signal });
  if (was === "running") io.talk(`${title} runs already`);
  if (options.selftest) return await prove(site, context);
  io.talk(`Attach to it: sandcage attach ${formatTarget(options, title)}`);
  return EXIT.ok;
}

/** Proves what the cage promises, a line for each. */
async function prove(site: CageSite, context: CommandContext): Promise<number> {
  const { io } = context;
  using step = io.progress("Looking whether it keeps its promises");
  const { copy } = site;
  const promised = copy?.promote === undefined ? [] : await proveCage(
    await openPromoteSite(requirePromoted(copy), context),
    { signal: context.signals?.signal },
  );
  const cage = await prepareCage(site, { ...context, io: { ...SILENT_IO, warn: io.warn } });
  const proofs = [...promised, ...(await tryWalls(cage, context)).flatMap(toProof)];
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

/** A case as a proof; one that does not apply proves nothing. */
function toProof({ case: { id, title }, verdict, seen, evidence }: CaseResult): Proof[] {
  if (verdict === "not-applicable") return [];
  const what = `${id} ${title}`;
  return verdict === "pass"
    ? [{ what, holds: true }]
    : [{ what, holds: false, found: [seen, ...evidence].join("; ") }];
}
