import assert from "node:assert/strict";
import { removeContainer } from "../../../src/cage/remove_container.ts";
import { UserError } from "../../../src/errors.ts";
import { type Answer, fakeEngine } from "./support.ts";

/** An engine that answers one after the other, at last the last. */
function answering(...answers: Answer[]) {
  return fakeEngine(() => answers.length > 1 ? answers.shift() : answers[0]);
}

const BUSY: Answer = { code: 1, stderr: "Error response from daemon: device or resource busy" };

Deno.test("removeContainer() is done when it is gone, or was never there", async () => {
  for (const answer of [{}, { code: 1, stderr: "Error: No such container: api-1" }]) {
    const { engine, calls } = answering(answer);
    await removeContainer("api-1", { engine });
    assert.deepEqual(calls, ["rm --force --volumes api-1"]);
  }
});

Deno.test("removeContainer() asks again where the engine holds on to it for a moment", async () => {
  const { engine, calls } = answering(BUSY, BUSY, {});
  await removeContainer("api-1", { engine });
  assert.equal(calls.length, 3);
});

Deno.test("removeContainer() says what the engine says that does not let go", async () => {
  const { engine } = answering(BUSY);
  await assert.rejects(
    removeContainer("api-1", { engine }),
    (error) =>
      error instanceof UserError && error.exit === 4 && /resource busy$/.test(error.message),
  );
});
