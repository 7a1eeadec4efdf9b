import assert from "node:assert/strict";
import type { ProcessResult } from "../../../src/engine/process.ts";
import { findCage, outbox } from "../../e2e/support/mail.ts";
import { makeWorld } from "../../e2e/support/world.ts";
import type { Activity } from "../activity.ts";
import { countTemporary } from "../world.ts";

/** Says something, waits for an answer, and says it. */
const SCRIPT = `set -e
echo begun
cage-send info_request '{"request_id": "1", "description": "which"}'
cage-wait --timeout 60
cage-send task_complete '{"summary": "done", "exit_code": 0}'`;

/** An agent in the background with messages both ways, that ends by itself or is stopped. */
export const launchActivity: Activity = {
  name: "launch",
  weight: 3,
  async open() {
    const world = await countTemporary(await makeWorld("soak-launch"));
    const must = async (args: readonly string[]): Promise<ProcessResult> => {
      const result = await world.sandcage(args);
      assert.equal(result.code, 0, `${args.join(" ")}: ${result.stdout}\n${result.stderr}`);
      return result;
    };
    const poll = async () => {
      const wait = ["--poll", "--timeout", "60", "--interval", "0.3"];
      const { code, stderr, messages } = await outbox(world, wait);
      assert.equal(code, 0, stderr);
      return messages.map(({ type }) => type);
    };
    return {
      residents: [],
      async play({ random, index }) {
        // The first play leaves the mark of a stop, which stays.
        const isStopped = index === 0 || random.oneIn(2);
        const script = isStopped ? `${SCRIPT}\nexec sleep 600` : SCRIPT;
        await must(["launch", "--background", "--service", "shell", "-p", script]);
        assert.deepEqual(await poll(), ["info_request"]);
        const answer = '{"request_id": "1", "content": "that"}';
        await must(["inbox", await findCage(world), "info_response", answer]);
        assert.deepEqual(await poll(), ["task_complete"]);
        if (isStopped) await must(["stop"]);
        const { stdout } = await must(["logs", "--follow", "--json"]);
        assert.match(stdout, /begun/);
        assert.match(stdout, /"info_response","text":"that/);
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  },
};
