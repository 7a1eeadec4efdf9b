import assert from "node:assert/strict";
import { join } from "node:path";
import type { ProcessResult } from "../../../src/engine/process.ts";
import { pause } from "../../../src/pause.ts";
import { makeWorld, RUN_ID } from "../../e2e/support/world.ts";
import type { Activity } from "../activity.ts";
import { countTemporary } from "../world.ts";

/** The first cage may build images. */
const SLOW_MS = 400_000;
/** Latest moment at which an export is killed, in milliseconds. */
const LATEST_KILL_MS = 1_500;

/** A cage with files of its own, from its making to its end. */
export const copyActivity: Activity = {
  name: "copy",
  weight: 3,
  async open() {
    const world = await countTemporary(
      await makeWorld("soak-copy", { network: 'mode = "none"' }),
    );
    const must = async (args: readonly string[], code = 0): Promise<ProcessResult> => {
      const result = await world.sandcage(args, { timeoutMs: SLOW_MS });
      assert.equal(result.code, code, `${args.join(" ")}: ${result.stdout}\n${result.stderr}`);
      return result;
    };
    return {
      residents: [],
      async play({ random, index }) {
        const name = `${RUN_ID}-copy-${index}`;
        await world.write("app.txt", `one ${index}\n`);
        await must(["create", "--service", "shell", "--no-attach", "--name", name]);
        const inside = (line: string) =>
          must(["shell", "--name", name, "--", "sh", "-ec", line]).then(({ stdout }) => stdout);
        const files = 1 + random.integer(200);
        await inside(
          `echo two ${index} > app.txt; mkdir -p many; ` +
            `for n in $(seq ${files}); do echo $n ${index} > many/$n; done`,
        );
        const { dirs } = JSON.parse((await must(["diff", name, "--json"])).stdout);
        assert.ok(dirs[0].changes.length >= files, "diff lists what changed");
        if (random.oneIn(3)) {
          const killed = world.spawn(["export", name, "-y"]);
          await pause(random.integer(LATEST_KILL_MS));
          await killed.end("SIGKILL");
        }
        await must(["export", name, "-y"]);
        assert.equal(await world.read("app.txt"), `two ${index}\n`);
        assert.equal(await world.read(`many/${files}`), `${files} ${index}\n`);
        await world.write("app.txt", `three ${index}\n`);
        await must(["sync", name, "-y"]);
        assert.equal(await inside("cat app.txt"), `three ${index}\n`);
        await must(["checkpoint", "kept", "--cage", name]);
        await inside("rm app.txt");
        await must(["restore", "kept", "--cage", name, "-y"]);
        assert.equal(await inside("cat app.txt"), `three ${index}\n`);
        await must(["destroy", name, "--yes", "--force"]);
        await must(["exists", name], 1);
        await Deno.remove(join(world.project, "many"), { recursive: true });
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  },
};
