import assert from "node:assert/strict";
import { pause } from "../../../src/pause.ts";
import { makeWorld, type World } from "../../e2e/support/world.ts";
import type { Activity } from "../activity.ts";
import { clearUp, endLate, listLate, settleLate } from "../late.ts";
import { countTemporary } from "../world.ts";

/** A command in a cage, from its start to its end. */
export const sessionActivity: Activity = {
  name: "session",
  weight: 4,
  async open() {
    const world = await countTemporary(await makeWorld("soak-session"));
    return {
      residents: [],
      async play({ random }) {
        const code = random.pick([0, 0, 1, 7]);
        const line = `echo said; echo told >&2; date > file-${random.integer(5)}; exit ${code}`;
        const result = await world.sandcage(["shell", "--", "sh", "-c", line]);
        assert.equal(result.code, code, result.stderr);
        assert.equal(result.stdout, "said\n");
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  },
};

/** Latest moment at which a session is killed, in milliseconds: it runs by then. */
const LATEST_KILL_MS = 3_000;

/** A session whose client is killed at any moment; the next command clears up. */
export const killActivity: Activity = {
  name: "kill",
  weight: 3,
  async open() {
    await using stack = new AsyncDisposableStack();
    const worlds: World[] = [];
    for (const mode of ["open", "allowlist", "none"]) {
      const world = await makeWorld(`soak-kill-${mode}`, { network: `mode = "${mode}"` });
      worlds.push(stack.use(await countTemporary(world)));
    }
    const owned = stack.move();
    return {
      residents: [],
      async play({ random, index }) {
        await settleLate(worlds);
        // The first play makes the homes of all of them.
        for (const world of index === 0 ? worlds : [random.pick(worlds)]) {
          const session = world.spawn(["shell", "--", "sleep", "600"]);
          await pause(random.integer(LATEST_KILL_MS));
          await session.end("SIGKILL");
          await clearUp(world);
        }
      },
      late: () => listLate(worlds),
      async [Symbol.asyncDispose]() {
        await endLate(worlds);
        await owned.disposeAsync();
      },
    };
  },
};
