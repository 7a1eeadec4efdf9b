/** The mailbox at full length: as many messages as it takes, and many more who are killed. */
import assert from "node:assert/strict";
import {
  inside,
  makeMailWorld,
  numbersTo,
  outbox,
  placeMany,
  playKills,
  statuses,
} from "../e2e/support/mail.ts";

Deno.test("100,000 messages come out of a cage, in their order and once", async () => {
  await using world = await makeMailWorld("mail-100k");
  await inside(world, placeMany(100_000));
  const first = await outbox(world, [], { timeoutMs: 500_000 });
  assert.equal(first.messages.length, 100_000, first.stderr);
  assert.deepEqual(statuses(first.messages), numbersTo(100_000));
  const again = await outbox(world);
  assert.deepEqual(again.messages, [], again.stderr);
});

Deno.test("60 of those who carry messages are killed, and none is lost or comes twice", async () => {
  await playKills({ rounds: 60, count: 4_000 });
});
