import { join } from "node:path";
import type { PreparedCage } from "../../cage/prepare.ts";
import type { Host } from "../../host.ts";
import { run } from "../../engine/process.ts";
import { type Finding, makeInapplicable, type OpenSuite } from "../case.ts";
import { openScratch, type ScratchUse } from "../scratch.ts";
import { destroyAll, endSelves, planPlace } from "../self.ts";
import {
  judgeBomb,
  judgeCrossing,
  judgeGuarded,
  judgeHooks,
  judgeInside,
  judgeRefs,
  judgeRewritten,
  judgeWords,
  type Promotion,
} from "./judge.ts";
import { makeUserSide } from "./place.ts";
import { playScenes } from "./scenes.ts";
import { openStage } from "./stage.ts";

/** Upper bound of asking whether there is a git, in milliseconds. */
const GIT_MS = 10_000;

const JUDGES: Readonly<Record<string, (promotion: Promotion) => Finding>> = {
  P01: judgeCrossing,
  P02: judgeGuarded,
  P04: judgeRewritten,
  P11: judgeHooks,
  P12: judgeBomb,
  P13: judgeRefs,
  P14: judgeInside,
  P15: judgeWords,
};

/**
 * Makes a promoted cage of a project of its own, lets its agent commit its worst, and looks what
 * became of the project's repository: one session serves all cases. Nothing of the user's is near.
 */
export async function openPromotionSuite(cage: PreparedCage, host: Host): Promise<OpenSuite> {
  if (!await hasGit()) {
    return makeInapplicable("there is no git on this machine");
  }
  const scratch = await openScratch(host.stateDir, PROMOTION_SCRATCH);
  await using stack = new AsyncDisposableStack();
  stack.use(scratch);
  stack.defer(() => destroyAll(planPlace(join(scratch.path, "home"))));
  const side = await makeUserSide(scratch.path, cage);
  const promotion = await playScenes(await openStage(side, cage));
  const owned = stack.move();
  return {
    check(id) {
      const judge = JUDGES[id];
      if (judge === undefined) throw new Error(`There is no case ${id}`);
      return Promise.resolve(judge(promotion));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What it makes on the host, and the cages that are on record there. */
export const PROMOTION_SCRATCH: ScratchUse = {
  name: "promotion",
  async clear(root) {
    await endSelves(root);
    await destroyAll(planPlace(join(root, "home")));
  },
};

async function hasGit(): Promise<boolean> {
  try {
    return (await run("git", ["--version"], { timeoutMs: GIT_MS })).code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
