import { removeAgent } from "../../acp/registry/remove.ts";
import { lockRegistry } from "../../acp/registry/store.ts";
import { connectEngine } from "../../engine/connect.ts";
import { EXIT } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { formatCount, formatJson } from "../output.ts";

/** What to remove. */
export type AcpRemoveOptions = { id: string; home: boolean; json: boolean };

/** `sandcage acp remove`: an installed agent goes with its images; its home stays unless asked for. */
export async function runAcpRemove(
  options: AcpRemoveOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io } = context;
  const { id, home } = options;
  using _lock = await lockRegistry(host.stateDir, io);
  const engine = await connectEngine({ host, context: context.engineContext ?? null });
  const { agent, removed, failures } = await removeAgent(id, {
    stateDir: host.stateDir,
    engine,
    home,
  });
  for (const { object, reason } of failures) {
    io.warn(`Cannot remove ${object.kind} ${object.title}: ${reason}`);
  }
  if (options.json) {
    io.out(formatJson({
      id,
      version: agent.version,
      removed: removed.map(({ kind, title }) => ({ kind, title })),
      failures: failures.map(({ object, reason }) => ({ title: object.title, reason })),
    }));
  } else {
    const images = removed.filter(({ kind }) => kind === "image").length;
    const homes = removed.length - images;
    io.talk(
      `Removed ${agent.name} ${agent.version} with ${formatCount(images, "image")}` +
        (home ? ` and ${formatCount(homes, "home")}` : "; its home stays"),
    );
  }
  return failures.length === 0 ? EXIT.ok : EXIT.failed;
}
