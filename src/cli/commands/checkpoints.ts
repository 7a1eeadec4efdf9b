import { missingCheckpoint } from "../../copy/checkpoint.ts";
import { requireFilled } from "../../copy/locate.ts";
import { openCopySite } from "../../copy/site.ts";
import { openCourier } from "../../transfer/courier.ts";
import { formatBytes } from "../../transfer/progress.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";
import { formatAge, formatJson, formatTable } from "../output.ts";

/** Of which cage, how they are listed, and which one goes. */
export type CheckpointsOptions = {
  cage?: string | undefined;
  path?: string;
  json: boolean;
  remove?: string | undefined;
};

/** `sandcage checkpoints`: lists the checkpoints of a cage, the oldest first, or removes one. */
export async function runCheckpoints(
  options: CheckpointsOptions,
  context: CommandContext,
): Promise<void> {
  const { host, io, signals } = context;
  const copy = requireFilled(await chooseCopyCage(options, host));
  const about = { ...context, ...(signals === undefined ? {} : { signal: signals.signal }) };
  const { cage } = await openCopySite(copy, about);
  await using courier = await openCourier(cage, { signal: signals?.signal });
  const { remove } = options;
  if (remove !== undefined) {
    const names = (await courier.checkpoints()).map(({ name }) => name);
    if (!names.includes(remove)) throw missingCheckpoint(remove, names);
    await courier.forgetCheckpoint(remove);
    io.talk(`Removed checkpoint ${remove} of ${copy.name}`);
  }
  const checkpoints = await courier.checkpoints();
  if (options.json) io.out(formatJson(checkpoints));
  else if (checkpoints.length === 0) io.talk(`${copy.name} has no checkpoint`);
  else {
    const nowMs = Date.now();
    const rows = checkpoints.map(({ name, takenAt, entries, bytes, isDamaged }) => [
      name,
      `${formatAge(nowMs - Date.parse(takenAt))} ago`,
      isDamaged ? "damaged" : String(entries),
      formatBytes(bytes),
    ]);
    io.out(formatTable(["NAME", "TAKEN", "ENTRIES", "SIZE"], rows, { color: io.color }));
  }
}
