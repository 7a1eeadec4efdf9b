import { observeCopyStatus } from "../../copy/status.ts";
import type { RunRecord } from "../../headless/event.ts";
import { findLastRun } from "../../headless/runs.ts";
import { isPromoted } from "../../promote/cage/site.ts";
import { observePromoteStatus } from "../../promote/cage/status.ts";
import { visibleText } from "../../transfer/visible.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { formatStatus } from "../copy_words.ts";
import { formatJson } from "../output.ts";
import { formatPromoteStatus } from "../promote_words.ts";

/** Which cage, and how it is shown. */
export type StatusOptions = { cage?: string | undefined; path?: string; json: boolean };

/** `sandcage status`: how things stand with a cage, and what to do next. */
export async function runStatus(options: StatusOptions, context: CommandContext): Promise<void> {
  const { host, io, signals } = context;
  const copy = await chooseCopyCage(options, host);
  using step = io.progress(`Looking at ${copy.name}`);
  const looking = {
    ...context,
    ...(signals === undefined ? {} : { signal: signals.signal }),
  };
  const run = await findLastRun(host.stateDir, copy.id);
  const show = (status: unknown, text: string) =>
    options.json
      ? formatJson({ ...status as object, ...run === undefined ? {} : { run } })
      : `${text}${run === undefined ? "" : formatRun(run)}`;
  if (isPromoted(copy) && copy.state === "ready") {
    const status = await observePromoteStatus(copy, looking);
    step.done();
    const nowMs = Date.now();
    io.out(show(status, formatPromoteStatus(status, { nowMs })));
    return;
  }
  const status = await observeCopyStatus(copy, looking);
  step.done();
  io.out(show(status, formatStatus(status, { nowMs: Date.now() })));
}

/** The last time an agent worked alone in a cage. */
function formatRun({ id, service, state, reason, last }: RunRecord): string {
  const why = reason === undefined ? "" : `, ${visibleText(reason)}`;
  return `last run: ${service}, ${state}${why} (${id})` +
    `${last === undefined ? "" : `\n  ${visibleText(last)}`}\n`;
}
