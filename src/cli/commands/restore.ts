import { missingCheckpoint, requireStopped, restoreCheckpoint } from "../../copy/checkpoint.ts";
import { EXIT } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { openFileSite } from "../file_site.ts";

/** Which checkpoint of which cage. */
export type RestoreOptions = {
  name: string;
  cage?: string | undefined;
  path?: string;
  yes: boolean;
};

/** `sandcage restore`: brings the files of a cage back to a checkpoint; keeps what they are now. */
export async function runRestore(
  options: RestoreOptions,
  context: CommandContext,
): Promise<number> {
  const { host: { stateDir }, io } = context;
  const { name } = options;
  await using site = await openFileSite({ ...options, all: true }, context);
  const { cage, courier } = site;
  const purpose = "bring a checkpoint back";
  await requireStopped(cage, { stateDir, purpose });
  // A name that is none is said before anybody is asked.
  const names = (await courier.checkpoints()).map((one) => one.name);
  if (!names.includes(name)) throw missingCheckpoint(name, names);
  const question = `Bring all files of ${cage.name} back to ${JSON.stringify(name)}?`;
  if (!options.yes && !await io.confirm(question, { assumed: false })) {
    io.talk(io.interactive ? "Nothing was changed" : "Nothing was changed: add --yes");
    return EXIT.failed;
  }
  // Somebody may have thought for a while.
  await requireStopped(cage, { stateDir, purpose });
  using step = io.progress(`Bringing ${cage.name} back to ${name}`);
  const saved = await restoreCheckpoint(courier, name, { now: new Date() });
  step.done();
  io.talk(`What was there is kept: sandcage restore ${saved.name} --cage ${cage.name}`);
  return EXIT.ok;
}
