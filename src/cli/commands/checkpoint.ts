import { formatCheckpointName } from "../../copy/checkpoint.ts";
import { listSessions } from "../../cage/sessions.ts";
import { formatBytes } from "../../transfer/progress.ts";
import type { CommandContext } from "../context.ts";
import { openFileSite } from "../file_site.ts";
import { formatCount } from "../output.ts";

/** Of which cage, and under what name. */
export type CheckpointOptions = {
  name?: string | undefined;
  cage?: string | undefined;
  path?: string;
};

/** `sandcage checkpoint`: keeps all files of a cage as they are now; prints the name. */
export async function runCheckpoint(
  options: CheckpointOptions,
  context: CommandContext,
): Promise<void> {
  const { host, io } = context;
  await using site = await openFileSite({ ...options, all: true }, context);
  const { cage, courier } = site;
  const taken = (await courier.checkpoints()).map(({ name }) => name);
  const name = options.name ?? formatCheckpointName(new Date(), { taken });
  using step = io.progress(`Taking checkpoint ${name} of ${cage.name}`);
  const { entries, bytes } = await courier.checkpoint(name);
  step.done(
    `${formatCount(entries, "path")}, ${formatBytes(bytes)}`,
  );
  if ((await listSessions(host.stateDir, cage.id)).some(({ live }) => live)) {
    io.talk(`Something runs in ${cage.name}: what it wrote meanwhile may be half there`);
  }
  io.out(name);
}
