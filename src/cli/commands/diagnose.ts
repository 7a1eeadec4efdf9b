import type { CommandContext } from "../context.ts";
import { diagnose } from "../diagnosis.ts";
import { formatDiagnosis } from "../diagnosis_view.ts";
import { findMailTarget, type MailWords } from "../mail_target.ts";
import { formatJson } from "../output.ts";

/** `sandcage diagnose`: how an agent without a terminal is, and what to do about it. */
export async function runDiagnose(
  options: MailWords & { json: boolean },
  context: CommandContext,
): Promise<void> {
  const target = await findMailTarget(options, context);
  using step = context.io.progress(`Looking at ${target.cage.name}`);
  const found = await diagnose(target, context);
  step.done();
  context.io.out(options.json ? formatJson(found) : formatDiagnosis(found));
}
