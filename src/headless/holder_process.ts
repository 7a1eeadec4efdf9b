import { readLines } from "../acp/lines.ts";
import { ensurePrivateDir } from "../files.ts";
import type { Host } from "../host.ts";
import { spawnDetached } from "../hold/spawn.ts";
import { type HolderWord, parseWord, type RunOrder } from "./order.ts";

/** A process that is ready to hold a run, before it is known which. */
export type IdleHolder = {
  /** Gives it its order. */
  hold(order: RunOrder): Promise<void>;
  /** What it answers. */
  words(): AsyncIterable<HolderWord>;
  /** Ends it, unless it has an order. */
  dismiss(): void;
};

/** What main.ts reads before the command tree is loaded. */
const HOLDER = "launch-hold";

/**
 * Starts the process that will hold a run, as early as can be: it gets ready while this one finds
 * out what is to be run. Without an order it ends with this process.
 */
export async function startHolder(host: Pick<Host, "stateDir">): Promise<IdleHolder> {
  await ensurePrivateDir(host.stateDir);
  const child = spawnDetached({
    args: [HOLDER],
    stateDir: host.stateDir,
    cwd: host.stateDir,
    piped: true,
  });
  child.unref();
  return {
    async hold(order) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
      await writer.close();
    },
    async *words() {
      for await (const line of readLines(child.stdout)) yield parseWord(line);
    },
    dismiss: () => void child.stdin.close().catch(() => {}),
  };
}
