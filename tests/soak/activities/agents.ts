import assert from "node:assert/strict";
import { join } from "node:path";
import { AGENTS, everyKey, GEMINI_SETTINGS } from "../../e2e/support/headless_agents.ts";
import { startModel } from "../../e2e/support/model.ts";
import { makeWorld } from "../../e2e/support/world.ts";
import type { Activity } from "../activity.ts";
import { countTemporary } from "../world.ts";

/** The first one may build an image. */
const SLOW_MS = 400_000;

/** Real agents that work on a prompt, against a scripted model. */
export const agentActivity: Activity = {
  name: "agent",
  weight: 2,
  async open() {
    await using stack = new AsyncDisposableStack();
    const model = stack.use(await startModel());
    const config = AGENTS.map((agent) => agent.config(model.url)).join("");
    const world = stack.use(await countTemporary(await makeWorld("soak-agent", { config })));
    await Deno.mkdir(join(world.project, ".gemini"));
    await world.write(".gemini/settings.json", GEMINI_SETTINGS);
    const owned = stack.move();
    return {
      residents: [],
      async play({ index }) {
        // The first play makes the homes of all of them.
        const agents = index === 0 ? AGENTS : [AGENTS[index % AGENTS.length]!];
        for (const agent of agents) {
          const result = await world.sandcage([
            ...["launch", "--json", "--no-inject-messaging", "--service", agent.service],
            ...["-p", `write ${agent.service}.txt: play ${index}`, "--", ...agent.args(model.url)],
          ], { env: everyKey(), timeoutMs: SLOW_MS });
          assert.equal(result.code, 0, `${agent.service}: ${result.stderr}\n${result.stdout}`);
          assert.equal((await world.read(`${agent.service}.txt`)).trim(), `play ${index}`);
        }
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};
