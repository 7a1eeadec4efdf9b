import assert from "node:assert/strict";
import fc from "fast-check";
import { type AuditQueue, createAuditQueue } from "../../../src/gateway/audit_queue.ts";
import type { AuditEvent } from "../../../src/policy/audit.ts";

const EVENT = { kind: "connect", decision: "allow", reason: "rule", host: "a.test" } as const;
const REFUSED = { kind: "connect", decision: "deny", reason: "audit" } as const;

type Batch = { sequence: number; events: AuditEvent[] };

function createQueue(window?: number): AuditQueue & { batches: Batch[] } {
  const batches: Batch[] = [];
  const queue = createAuditQueue(
    ({ sequence, events }) => batches.push({ sequence, events }),
    { nowMs: () => 0, window },
  );
  return { ...queue, batches };
}

Deno.test("an event gets its time and its number", () => {
  const queue = createQueue();
  queue.add(EVENT);
  queue.add(EVENT);
  queue.flush();
  const event = { time: "1970-01-01T00:00:00.000Z", ...EVENT };
  assert.deepEqual(queue.batches, [{ sequence: 2, events: [event, event] }]);
});

Deno.test("events leave by themselves", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const queue = createAuditQueue(({ sequence }) => resolve(sequence));
  queue.add(EVENT);
  assert.equal(await promise, 1);
});

Deno.test("the queue closes when too many events are unwritten, and opens again", () => {
  const queue = createQueue(3);
  queue.add(EVENT);
  queue.add(EVENT);
  assert.ok(queue.isOpen());
  queue.add(EVENT);
  assert.ok(!queue.isOpen());
  queue.flush();
  assert.ok(!queue.isOpen());
  queue.confirm(1);
  assert.ok(queue.isOpen());
});

Deno.test("the queue closes when the host cannot write, until it writes again", () => {
  const queue = createQueue();
  queue.add(EVENT);
  queue.flush();
  queue.fail();
  assert.ok(!queue.isOpen());
  queue.confirm(1);
  assert.ok(queue.isOpen());
});

Deno.test("a number that was never sent confirms nothing", () => {
  const queue = createQueue(1);
  queue.add(EVENT);
  queue.flush();
  queue.confirm(5);
  assert.ok(!queue.isOpen());
  queue.fail();
  queue.confirm(1);
  queue.confirm(0);
  assert.ok(queue.isOpen());
});

Deno.test("refusals for the queue's own sake are counted and told once", () => {
  const queue = createQueue();
  queue.fail();
  for (let index = 0; index < 100_000; index++) queue.add(REFUSED);
  queue.flush();
  assert.equal(queue.batches.length, 0);
  queue.confirm(0);
  queue.flush();
  assert.deepEqual(queue.batches[0]!.events.map(({ reason, detail }) => ({ reason, detail })), [
    { reason: "audit", detail: "100000 refused while events could not be written" },
  ]);
});

Deno.test("no event is lost or told twice, in whatever order things happen", () => {
  const step = fc.constantFrom("add", "flush", "confirm", "fail");
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const queue = createQueue(10);
    let added = 0;
    for (const name of steps) {
      if (name === "add") queue.add({ ...EVENT, port: ++added });
      if (name === "flush") queue.flush();
      if (name === "confirm") queue.confirm(queue.batches.at(-1)?.sequence ?? 0);
      if (name === "fail") queue.fail();
    }
    queue.flush();
    const ports = queue.batches.flatMap(({ events }) => events.map(({ port }) => port));
    assert.deepEqual(ports, Array.from({ length: added }, (_, index) => index + 1));
    assert.equal(queue.batches.at(-1)?.sequence ?? 0, added);
  }));
});
