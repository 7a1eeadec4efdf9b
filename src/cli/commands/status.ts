import { observeCopyStatus } from "../../cage/copy_status.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { formatStatus } from "../copy_words.ts";
import { formatJson } from "../output.ts";

/** Which cage, and how it is shown. */
export type StatusOptions = { cage?: string | undefined; path?: string; json: boolean };

/** `sandcage status`: how things stand with a cage, and what to do next. */
export async function runStatus(options: StatusOptions, context: CommandContext): Promise<void> {
  const { host, io, signals } = context;
  const copy = await chooseCopyCage(options, host);
  using step = io.progress(`Looking at ${copy.name}`);
  const status = await observeCopyStatus(copy, {
    ...context,
    ...(signals === undefined ? {} : { signal: signals.signal }),
  });
  step.done();
  io.out(options.json ? formatJson(status) : formatStatus(status, { nowMs: Date.now() }));
}
