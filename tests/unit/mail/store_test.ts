import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { openLog, type Place, START } from "../../../src/mail/log.ts";
import { type MailFs, mailFs } from "../../../src/mail/mail_fs.ts";
import { makeMessage } from "../../../src/mail/message.ts";
import { MailFull, type MailStore, openMailStore } from "../../../src/mail/store.ts";
import { MAIL_LIMITS } from "../../../src/mail/types.ts";

async function inDir(work: (dir: string) => Promise<void> | void): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "mail-" });
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function listSeen(store: MailStore, after: Place = START): string[] {
  return Array.from(store.outbox.read(after), ({ row }) => String(row.message.payload.status));
}

const TEMPLATE = makeMessage("progress_update", { status: "" });

function found(...statuses: readonly (string | number)[]) {
  return statuses.map((status) => ({
    name: `${status}.json`,
    text: JSON.stringify({ ...TEMPLATE, id: `msg-${status}`, payload: { status: `${status}` } }),
  }));
}

/** A disk that fails at its n-th change, having done a part of it, as a power cut or a full one. */
function failing(at: number): MailFs & { changes(): number } {
  const fs = mailFs();
  let changes = 0;
  const step = (part: () => void, whole: () => void) => {
    if (changes >= at) throw new Error("the machine is off");
    if (++changes < at) return whole();
    part();
    throw new Error("the machine goes off");
  };
  return {
    ...fs,
    changes: () => changes,
    append: (path, bytes) =>
      step(
        () => fs.append(path, bytes.subarray(0, Math.floor(bytes.length * ((at * 7) % 10) / 10))),
        () => fs.append(path, bytes),
      ),
    replace: (path, text) =>
      step(() => at % 2 === 0 ? fs.replace(path, text) : undefined, () => fs.replace(path, text)),
    truncate: (path, size) => step(() => {}, () => fs.truncate(path, size)),
    remove: (path) => step(() => {}, () => fs.remove(path)),
  };
}

Deno.test("messages are on record once, in their order, whatever comes again", async () => {
  await inDir(async (dir) => {
    const store = openMailStore(dir);
    const first = await store.collect(found(1, 2), "claude");
    assert.deepEqual(first.taken, ["1.json", "2.json"]);
    assert.deepEqual(first.added.map(({ seq }) => seq), [1, 2]);
    const again = await openMailStore(dir).collect([...found(2, 3, 3), ...found(1)], "claude");
    assert.deepEqual(again.taken, ["2.json", "3.json", "3.json", "1.json"]);
    assert.deepEqual(again.added.map(({ seq }) => seq), [3]);
    assert.deepEqual(listSeen(store), ["1", "2", "3"]);
    const refused = await store.collect([{ name: "bad", text: "{" }, ...found(4)], "claude");
    assert.deepEqual(refused.refused, [{ name: "bad", why: "it is no JSON" }]);
    assert.deepEqual(refused.taken, ["4.json"]);
  });
});

Deno.test("two processes that collect at once do not come in each other's way", async () => {
  await inDir(async (dir) => {
    const stores = [openMailStore(dir), openMailStore(dir)];
    for (let round = 0; round < 20; round++) {
      await Promise.all(stores.map((store) => store.collect(found(round * 2, round * 2 + 1), "x")));
    }
    const store = openMailStore(dir);
    assert.deepEqual(listSeen(store), Array.from({ length: 40 }, (_, n) => `${n}`));
    assert.equal(store.outbox.last(), 40);
  });
});

// Every change of the disk that this makes is cut short once.
Deno.test("a machine that goes off at any write loses nothing that was taken, and doubles nothing", async () => {
  for (let at = 1, isWhole = false; !isWhole; at++) {
    await inDir(async (dir) => {
      const fs = failing(at);
      const taken = new Set<string>();
      const shown: string[] = [];
      const work = async (store: MailStore) => {
        for (const batch of [found(1, 2), found(2, 3), found(4)]) {
          for (const name of (await store.collect(batch, "claude")).taken) taken.add(name);
          for (const { row, place } of store.outbox.read(store.cursor("outbox"))) {
            shown.push(`${row.message.payload.status}`);
            store.setCursor("outbox", place);
          }
        }
      };
      try {
        await work(openMailStore(dir, { fs }));
        isWhole = true;
      } catch (error) {
        assert.match(String(error), /machine/);
      }
      const kept = listSeen(openMailStore(dir));
      for (const name of taken) {
        assert.ok(kept.includes(name.replace(".json", "")), `${at} ${name}`);
      }
      // What was not acknowledged comes again.
      await work(openMailStore(dir));
      const all = openMailStore(dir);
      assert.deepEqual(listSeen(all), ["1", "2", "3", "4"], `cut at ${at}`);
      assert.deepEqual([...new Set(shown)], ["1", "2", "3", "4"], `cut at ${at}`);
      // Only what was printed in the moment of the cut is printed once more.
      assert.ok(shown.length <= 5, `${at}: ${shown}`);
      assert.equal(all.outbox.last(), 4);
    });
    assert.ok(at < 200);
  }
});

Deno.test("a log reads from every place as if it had read from the start, over all its files", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.string({ maxLength: 40, unit: "grapheme" }), { maxLength: 6 }), {
        maxLength: 8,
      }),
      async (batches) => {
        await inDir((dir) => {
          const fs = mailFs();
          const open = () => openLog<{ text: string }>(join(dir, "log"), { fs, segmentBytes: 100 });
          const log = open();
          for (const batch of batches) log.add(batch.map((text) => ({ text })));
          const all = [...open().read(START)];
          assert.deepEqual(all.map(({ row }) => row.text), batches.flat());
          assert.deepEqual(all.map(({ row }) => row.seq), batches.flat().map((_, n) => n + 1));
          for (const [index, { place }] of all.entries()) {
            assert.deepEqual([...open().read(place)], all.slice(index + 1));
            const unplaced = { ...place, segment: "", offset: 0 };
            assert.deepEqual([...open().read(unplaced)], all.slice(index + 1));
            // A place that became wrong: no row ends there.
            const wrong = { ...place, offset: Math.max(1, place.offset - 2) };
            assert.deepEqual([...open().read(wrong)], all.slice(index + 1));
            const before = { ...place, offset: -1 };
            assert.deepEqual([...open().read(before)], all.slice(index + 1));
          }
          assert.equal(open().last(), all.length);
        });
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("what is forgotten leaves the numbers as they are", async () => {
  await inDir((dir) => {
    const log = openLog<{ n: number }>(join(dir, "log"), { fs: mailFs(), segmentBytes: 50 });
    for (let n = 1; n <= 20; n++) log.add([{ n }]);
    const before = log.bytes();
    log.forget(10);
    assert.ok(log.bytes() < before);
    const left = [...log.read(START)].map(({ row }) => row.n);
    assert.ok(left[0]! > 1 && left[0]! <= 11, `${left}`);
    assert.deepEqual(left, Array.from({ length: left.length }, (_, i) => left[0]! + i));
    assert.equal(log.add([{ n: 21 }])[0]!.seq, 21);
    log.forget(1_000);
    assert.equal(log.last(), 21);
  });
});

Deno.test("ids that a disk has lost are made again from the messages", async () => {
  for (const damage of ["", "x".repeat(17 * 3), "0123"]) {
    await inDir(async (dir) => {
      await openMailStore(dir).collect(found(1, 2, 3), "claude");
      await Deno.writeTextFile(join(dir, "outbox.ids"), damage);
      const { added } = await openMailStore(dir).collect(found(1, 2, 3, 4), "claude");
      assert.equal(added.length, 1);
    });
  }
});

Deno.test("messages for an agent are delivered in order and marked one by one", async () => {
  await inDir(async (dir) => {
    const store = openMailStore(dir);
    for (const n of [1, 2, 3]) {
      const service = n === 2 ? "codex" : "claude";
      await store.queue(makeMessage("task_revision", { instructions: `${n}` }), service);
    }
    assert.deepEqual(store.undelivered("claude").map(({ seq }) => seq), [1, 3]);
    store.setDelivered("claude", 1);
    store.setDelivered("claude", 0);
    assert.equal(openMailStore(dir).delivered("claude"), 1);
    assert.deepEqual(openMailStore(dir).undelivered("claude").map(({ seq }) => seq), [3]);
    assert.deepEqual(store.undelivered("codex").map(({ seq }) => seq), [2]);
  });
});

Deno.test("malformed ones are told once, and not without end", async () => {
  await inDir(async (dir) => {
    const store = openMailStore(dir);
    await store.addBad([{ name: "a", why: "b" }, { name: "a", why: "c" }], "claude");
    await store.addBad([{ name: "a", why: "b" }], "claude");
    assert.equal(store.bad.last(), 2);
    const many = Array.from({ length: 3_000 }, (_, n) => ({ name: `${n}`, why: "x" }));
    await store.addBad(many, "claude");
    assert.equal(store.bad.last(), 1_000);
  });
});

Deno.test("100,000 messages are taken and read in seconds; no more wait, and seen ones make room", async () => {
  await inDir(async (dir) => {
    const store = openMailStore(dir);
    for (let from = 0; from < MAIL_LIMITS.messages; from += 5_000) {
      const batch = found(...Array.from({ length: 5_000 }, (_, n) => from + n));
      assert.equal((await store.collect(batch, "claude")).isFull, false);
    }
    const full = await store.collect(found("over"), "claude");
    assert.deepEqual([full.isFull, full.taken], [true, []]);
    let last: Place = START;
    let count = 0;
    const wholeMs = performance.now();
    for (const { place } of store.outbox.read(START)) {
      last = place;
      count++;
    }
    const allMs = performance.now() - wholeMs;
    assert.equal(count, MAIL_LIMITS.messages);
    store.setCursor("outbox", last);
    // A new process finds its place without reading what it has seen.
    const startedMs = performance.now();
    const next = openMailStore(dir);
    assert.deepEqual([...next.outbox.read(next.cursor("outbox"))], []);
    assert.ok(performance.now() - startedMs < Math.max(500, allMs / 2));
    assert.deepEqual(
      (await next.collect([...found("over"), ...found(7)], "claude")).added.length,
      1,
    );
  });
});

Deno.test("an agent that takes no messages gets no more of them in the end", async () => {
  await inDir(async (dir) => {
    const store = openMailStore(dir);
    const message = makeMessage("ack", {});
    const row = { id: message.id, service: "claude", at: "", message };
    store.inbox.add(Array.from({ length: MAIL_LIMITS.messages }, () => row));
    await assert.rejects(() => store.queue(makeMessage("ack", {}), "claude"), MailFull);
  });
});
