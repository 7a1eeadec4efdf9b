import { findCopyRecord } from "../../copy/record.ts";
import { forgetHeld, heldFiles, writeHeldRecord } from "../../hold/held.ts";
import { takeHeldLock } from "../../hold/hold.ts";
import { PROMOTE } from "../../promote/cage/names.ts";
import { lookAndNote, promoteFiles } from "../../promote/cage/run.ts";
import {
  isPromoted,
  openPromoteSite,
  type PromoteSite,
  requirePromoted,
} from "../../promote/cage/site.ts";
import { openPromoteWatch } from "../../promote/cage/watch.ts";
import { cageDir } from "../../cage/store.ts";
import { EXIT, UserError } from "../../errors.ts";
import { pause } from "../../pause.ts";
import { runDaemon } from "../../promote/daemon.ts";
import { type Log, openLog } from "../../promote/log.ts";
import type { LookOutcome } from "../../promote/look.ts";
import { describeLook, formatLook, formatSides } from "../../promote/status_words.ts";
import type { CommandContext } from "../context.ts";
import { hearEnd } from "../hear_end.ts";

/** Which cage, and a file for what keeps it from starting. */
export type PromoteDaemonOptions = { cage: string; log: string };

/** How long a start of the cage may take, in milliseconds. */
const START_MS = 120_000;

/** `sandcage promote-daemon`: brings the commits of a cage out. Nobody reads what it prints. */
export async function runPromoteDaemon(
  options: PromoteDaemonOptions,
  context: CommandContext,
): Promise<number> {
  const { host } = context;
  try {
    const dir = cageDir(host.stateDir, options.cage);
    const files = heldFiles(host.stateDir, { cageId: options.cage, name: PROMOTE });
    using lock = await takeHeldLock(files);
    if (lock === undefined) return EXIT.ok;
    // It decides itself when it ends: not before what is there has come out.
    using ending = hearEnd(context);
    const site = await openPromoteSite(await readCopy(dir, options.cage), context);
    using log = await openLog(promoteFiles(dir).log, { now: () => new Date() });
    await writeHeldRecord(files, {
      schema: 1,
      pid: Deno.pid,
      service: site.copy.service,
      container: PROMOTE,
      startedAt: new Date().toISOString(),
    });
    try {
      await promote(site, { log, signal: ending.signal });
    } finally {
      await forgetHeld(files);
    }
    return EXIT.ok;
  } catch (error) {
    const text = error instanceof UserError ? error.message : `${error}`;
    await Deno.writeTextFile(options.log, `${new Date().toISOString()} ${text}\n`, {
      append: true,
      mode: 0o600,
    });
    throw error;
  }
}

async function promote(
  site: PromoteSite,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  const { promote: { pin, intervalMs } } = site.copy;
  log.say(`started for ${pin.branch}`);
  let said = "";
  let current = site;
  const gone = new AbortController();
  await runDaemon({
    async look() {
      // A start since may have brought other settings; of a cage that is gone nothing comes any more.
      const copy = await findCopyRecord(site.dir);
      if (copy === undefined || !isPromoted(copy)) {
        gone.abort();
        return { kind: "idle" };
      }
      current = { ...current, copy };
      return await lookAndNote(current, { onSides: (sides) => log.say(formatSides(sides)) });
    },
    openWatch: () => openPromoteWatch(current),
    onLook(outcome) {
      const text = formatOutcome(outcome, pin.branch);
      // Looks that find the same again are no news; commits that landed always are.
      if (text !== said && (outcome.kind !== "idle" || said !== "")) log.say(text);
      said = text;
      return Promise.resolve();
    },
    pause,
    nowMs: Date.now,
    signal: AbortSignal.any([signal, gone.signal]),
  }, { intervalMs, startMs: START_MS });
  log.say("ended");
}

function formatOutcome(outcome: LookOutcome, branch: string): string {
  const pending = outcome.kind === "waiting" ? outcome.pending : 0;
  return formatLook(describeLook(outcome, { branch }), { pending });
}

async function readCopy(dir: string, id: string) {
  const copy = await findCopyRecord(dir);
  if (copy !== undefined) return requirePromoted(copy);
  throw new UserError(`There is no cage ${id}`, { exit: EXIT.usage, code: "usage" });
}
