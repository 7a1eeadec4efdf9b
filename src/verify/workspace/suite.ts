import type { PreparedCage } from "../../cage/prepare.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Host } from "../../host.ts";
import type { OpenSuite } from "../case.ts";
import { openScratch, type ScratchUse } from "../scratch.ts";
import { endSelves } from "../self.ts";
import { clearCopied, openCopied } from "./copied.ts";
import { clearMounted, openMounted } from "./mounted.ts";

/** What the suite is checked in: a project whose files are copied, and one that is mounted. */
const PARTS = [
  { open: openCopied, checks: (id: string) => id !== "W06" },
  { open: openMounted, checks: (id: string) => id === "W06" },
] as const;

/**
 * Opens the parts that the cases need, beside each other; one that does not open leaves the other.
 * Nothing of the user's is near.
 */
export async function openWorkspaceSuite(
  cage: PreparedCage,
  { host, ids }: { host: Host; ids: readonly string[] },
): Promise<OpenSuite> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(
    await openScratch(host.stateDir, planWorkspaceScratch(cage.engine)),
  );
  const opened = await Promise.all(
    PARTS.filter(({ checks }) => ids.some(checks)).map(async ({ open, checks }) => {
      const [part] = await Promise.allSettled([open(cage, scratch.path)]);
      return { part, checks };
    }),
  );
  for (const { part } of opened) if (part.status === "fulfilled") stack.use(part.value);
  const owned = stack.move();
  return {
    check(id) {
      const part = opened.find(({ checks }) => checks(id))?.part;
      if (part === undefined) throw new Error(`Nothing was opened for ${id}`);
      return part.status === "fulfilled" ? part.value.check(id) : Promise.reject(part.reason);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the suite makes on the host, and the cages and sessions that are on record there. */
export function planWorkspaceScratch(engine: Engine): ScratchUse {
  return {
    name: "workspace",
    async clear(root) {
      await endSelves(root);
      await clearCopied(root);
      await clearMounted(root, engine);
    },
  };
}
