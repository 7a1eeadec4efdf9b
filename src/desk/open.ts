import { EXIT, UserError } from "../errors.ts";
import { DESK, type TerminalSize } from "./desk.ts";
import { settleKilledSession } from "../cage/guard.ts";
import { type HeldRecord, observeHeld } from "../hold/held.ts";
import { type StartedHold, startHold } from "../hold/start.ts";
import { type CageContext, type CageSite, locateCage, prepareCage } from "../cage/prepare.ts";
import { ensurePromoter, refreshPromotion } from "../promote/cage/hold.ts";
import { reapOrphans } from "../cage/reap.ts";
import { readStopMark } from "../cage/stop_mark.ts";

/** What a desk is opened with. */
export type DeskRequest = {
  service: string;
  path?: string | undefined;
  /** Name of the cage. */
  name?: string | undefined;
  /** The terminal that is about to attach. */
  size?: TerminalSize | undefined;
};

/** A cage whose desk is open. */
export type OpenDesk = StartedHold & { site: CageSite; title: string };

/**
 * Opens the desk of a cage, unless it is open: images and home in sight of the person, then a holder
 * of its own, then until terminals can attach.
 *
 * @throws {UserError} If it does not start.
 */
export async function openDesk(request: DeskRequest, context: CageContext): Promise<OpenDesk> {
  const { host, io, signal } = context;
  const { service, path, name, size } = request;
  const wanted = { service, path, name, desk: true };
  const site = await locateCage(wanted, context);
  const title = site.copy?.name ?? site.id;
  const stopMark = await readStopMark(host.stateDir, site.id);
  const key = { cageId: site.id, name: DESK };
  const state = await observeHeld(host.stateDir, key);
  if (state.kind === "ready") {
    requireService(state.record, { title, service });
    if (site.copy?.promote !== undefined) await ensurePromoter(site.copy, context);
    return { container: state.container, was: "running", site, title };
  }
  if (state.kind === "cut-off") {
    io.warn(
      `What held "${title}" was killed, and its way out with it: what ran there has ended, ` +
        "and is started again",
    );
  }
  await reapOrphans(host.stateDir, { engine: site.engine, io, nowMs: Date.now() });
  // Before the workspace is looked at: what a killed session did to git must not shape the mounts.
  const settled = await settleKilledSession(site, { stateDir: host.stateDir, io });
  // Builds and questions belong to the terminal of who asked.
  const prepared = await prepareCage(settled ? await locateCage(wanted, context) : site, context);
  const promoted = await refreshPromotion(prepared, context);
  using step = io.progress(`Starting ${title}`);
  const started = await startHold(key, {
    title,
    args: [
      ...(context.engineContext === undefined ? [] : ["--context", context.engineContext]),
      ...["--path", site.project.path, "hold", service],
      ...(name === undefined ? [] : ["--name", name]),
      ...["--title", title],
      ...(stopMark === "" ? [] : ["--mark", stopMark]),
      ...(size === undefined ? [] : ["--size", `${size.columns}x${size.rows}`]),
    ],
    host,
    onSaid: (line) => io.talk(line),
    signal,
  });
  if (promoted !== undefined) await ensurePromoter(promoted, context);
  step.done("running");
  return { ...started, site, title };
}

function requireService(
  record: HeldRecord,
  { title, service }: { title: string; service: string },
): void {
  if (record.service === service) return;
  throw new UserError(`${title} runs already, with ${record.service}`, {
    hint: `Attach to that one, or end it first: sandcage stop ${title}`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}
