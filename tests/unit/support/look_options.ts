import { join } from "node:path";
import { findCounterparts } from "../../../src/promote/counterparts.ts";
import { fetchInner } from "../../../src/promote/fetch.ts";
import { createGit } from "../../../src/promote/git.ts";
import type { LookOptions } from "../../../src/promote/look.ts";
import { readRefs } from "../../../src/promote/refs.ts";
import { rewriteCommits } from "../../../src/promote/rewrite.ts";
import { storeObjects } from "../../../src/promote/store.ts";
import { type Pin, promoteRefs } from "../../../src/promote/types.ts";
import { testEnv } from "./landing_world.ts";

/** Whose name landed commits carry. */
export const IDENTITY = { name: "The User", email: "user@example.com" };

/** Looks of a cage whose repository is a directory of this machine. */
export function localLooks(root: string, pin: Pin): LookOptions {
  const env = testEnv(root);
  const git = createGit({ gitDir: pin.gitDir, worktree: pin.worktree, env });
  return {
    git,
    pin,
    stateDir: join(root, "state"),
    platform: "linux",
    nowMs: Date.now(),
    fetch: () =>
      fetchInner({
        git,
        env,
        pin,
        source: { kind: "path", path: join(root, "inner") },
        limits: { bytes: 100_000_000, timeoutMs: 60_000 },
      }),
    rewrite: (request) =>
      rewriteCommits({ ...request, identity: IDENTITY }, {
        git,
        store: (objects) => storeObjects(objects, { git, pin }),
        async known() {
          const { done, out } = promoteRefs(pin);
          const tips = await readRefs(git, [done, out]);
          return await findCounterparts(git, {
            inner: { from: pin.snapshot, tip: tips.get(done) ?? pin.snapshot },
            outer: { from: pin.base, tip: tips.get(out) ?? pin.base },
          });
        },
      }),
  };
}
