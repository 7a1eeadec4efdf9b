import { promoteFiles } from "../../promote/cage/run.ts";
import { requirePromoted } from "../../promote/cage/site.ts";
import { cageDir } from "../../cage/store.ts";
import { findText } from "../../files.ts";
import { pause } from "../../pause.ts";
import { oldLog } from "../../promote/log.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";

/** Which cage's log, and whether to wait for more. */
export type LogOptions = { cage?: string | undefined; path?: string; follow: boolean };

/** Pause between two looks for more, in milliseconds. */
const LOOK_MS = 200;

/** `sandcage log`: what became of the commits of a cage, oldest first. */
export async function runLog(options: LogOptions, context: CommandContext): Promise<void> {
  const { host, io, signals } = context;
  const copy = requirePromoted(await chooseCopyCage(options, host));
  const { log } = promoteFiles(cageDir(host.stateDir, copy.id));
  const show = (text: string) => {
    const lines = text.split("\n").map((line) => visibleText(line)).join("\n").trimEnd();
    if (lines !== "") io.out(lines);
  };
  const older = await findText(oldLog(log)) ?? "";
  const text = await findText(log) ?? "";
  show(older + text);
  const { signal } = signals ?? {};
  for (let seen = text.length; options.follow && signal?.aborted !== true;) {
    await pause(LOOK_MS, signal);
    const now = await findText(log) ?? "";
    // Begun anew: what was said before it was put aside is in the older one.
    if (now.length < seen) {
      show((await findText(oldLog(log)) ?? "").slice(seen));
      seen = 0;
    }
    const whole = now.slice(seen, now.lastIndexOf("\n") + 1);
    seen += whole.length;
    show(whole);
  }
}
