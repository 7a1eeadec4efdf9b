import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import type { ExecStreams } from "../../../src/engine/exec.ts";
import { createLineReader } from "../../../src/mail/lines.ts";
import { openLink } from "../../../src/mail/link.ts";
import { START } from "../../../src/mail/log.ts";
import { makeMessage } from "../../../src/mail/message.ts";
import { formatOrder, parseSaid } from "../../../src/mail/said.ts";
import { type MailStore, openMailStore } from "../../../src/mail/store.ts";
import { planProgram, startFarEnd } from "./far_end.ts";

type Boxes = { box: string; store: MailStore; said: string[] };

async function withBoxes(work: (boxes: Boxes) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "mail-" });
  try {
    await Deno.mkdir(join(dir, "host"));
    await Deno.mkdir(join(dir, "home", ".cage", "outbox"), { recursive: true });
    await work({
      box: join(dir, "home", ".cage"),
      store: openMailStore(join(dir, "host")),
      said: [],
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function open({ box, store, said }: Boxes, streams: ExecStreams = startFarEnd(box)) {
  return openLink(streams, {
    store,
    service: "claude",
    onChange() {},
    onSaid: (line) => said.push(line),
  });
}

async function callInside(box: string, [name, ...args]: readonly [string, ...string[]]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: planProgram(name, args),
    env: { HOME: join(box, "..") },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function listStatuses(store: MailStore): unknown[] {
  return Array.from(store.outbox.read(START), ({ row }) => row.message.payload.status);
}

async function place(box: string, count: number, from = 1): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const message = makeMessage("progress_update", { status: n });
    const text = JSON.stringify({ ...message, payload: { status: `${n}` } });
    const name = `${String(n).padStart(6, "0")}.json`;
    await Deno.writeTextFile(join(box, "outbox", `.${name}`), text);
    await Deno.rename(join(box, "outbox", `.${name}`), join(box, "outbox", name));
  }
}

Deno.test("what was sent is on record when the link has settled, and nothing of it stays inside", async () => {
  await withBoxes(async (boxes) => {
    await place(boxes.box, 1_200);
    const link = open(boxes);
    await link.settle();
    assert.deepEqual(
      listStatuses(boxes.store),
      Array.from({ length: 1_200 }, (_, n) => `${n + 1}`),
    );
    await place(boxes.box, 3, 2_000);
    await link.settle();
    assert.equal(boxes.store.outbox.last(), 1_203);
    await link.close();
    const left = Array.from(Deno.readDirSync(join(boxes.box, "outbox")), ({ name }) => name);
    assert.deepEqual(left, ["bad"]);
    assert.deepEqual(boxes.said, []);
  });
});

Deno.test("a far end that is killed again and again loses and doubles nothing", async () => {
  await withBoxes(async (boxes) => {
    await place(boxes.box, 3_000);
    for (let round = 0; round < 4; round++) {
      const streams = startFarEnd(boxes.box);
      const link = open(boxes, streams);
      const settled = link.settle().then(() => true, () => false);
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 300));
      try {
        Deno.kill(streams.pid, "SIGKILL");
      } catch {
        // It was done already.
      }
      await link.ended;
      await settled;
    }
    const link = open(boxes);
    await link.settle();
    await link.close();
    assert.deepEqual(
      listStatuses(boxes.store),
      Array.from({ length: 3_000 }, (_, n) => `${n + 1}`),
    );
  });
});

Deno.test("messages reach the agent in their order, each shown once by however many that wait", async () => {
  await withBoxes(async (boxes) => {
    const { box, store } = boxes;
    const queue = async (n: number) => {
      await store.queue(makeMessage("task_revision", { instructions: `${n}` }), "claude");
    };
    for (let n = 1; n <= 6; n++) await queue(n);
    const link = open(boxes);
    await link.deliver();
    assert.equal(store.delivered("claude"), 6);
    // As if the host had been killed before it could write down that they were delivered.
    await Deno.remove(join(store.dir, "inbox.claude.json"));
    await link.close();
    const first = await callInside(box, ["wait.mjs", "--timeout", "20"]);
    assert.equal(JSON.parse(first.stdout).payload.instructions, "1");
    const again = open(boxes);
    await again.deliver();
    await again.close();
    const rest = await Promise.all(
      Array.from({ length: 5 }, () => callInside(box, ["wait.mjs", "--timeout", "20"])),
    );
    const got = rest.map(({ stdout }) => JSON.parse(stdout).payload.instructions).sort();
    assert.deepEqual(got, ["2", "3", "4", "5", "6"]);
    const none = await callInside(box, ["wait.mjs", "--timeout", "0.1"]);
    assert.deepEqual([none.code, none.stdout], [124, ""]);
    const last = open(boxes);
    await last.settle();
    await last.close();
    assert.deepEqual([...store.outbox.read(START)].map(({ row }) => row.message.type), [
      "going_idle",
    ]);
  });
});

Deno.test("a message that somebody was about to show who was killed is shown by the next one", async () => {
  await withBoxes(async ({ box }) => {
    await Deno.mkdir(join(box, "cursor"), { recursive: true });
    const dead = `${Deno.hostname()}.999999.1--0000000001-msg-1.json`;
    await Deno.writeTextFile(join(box, "cursor", dead), '{"id":"msg-1"}');
    const { code, stdout } = await callInside(box, ["wait.mjs", "--timeout", "5"]);
    assert.deepEqual([code, stdout], [0, '{"id":"msg-1"}\n']);
  });
});

Deno.test("a message may be as long as it is allowed to be, both ways", async () => {
  await withBoxes(async (boxes) => {
    const { box, store } = boxes;
    const long = `${"x".repeat(500_000)}\u0000\u2028"${"\u00e4".repeat(200_000)}`;
    const file = join(box, "long.json");
    await Deno.writeTextFile(file, JSON.stringify({ status: long }));
    const sent = await callInside(box, ["send.mjs", "progress_update", "--file", file]);
    assert.equal(sent.code, 0, sent.stderr);
    await store.queue(makeMessage("task_revision", { instructions: long }), "claude");
    const link = open(boxes);
    await Promise.all([link.settle(), link.deliver()]);
    await link.close();
    assert.deepEqual(listStatuses(store), [long]);
    const got = await callInside(box, ["wait.mjs", "--timeout", "5"]);
    assert.equal(JSON.parse(got.stdout).payload.instructions, long);
  });
});

Deno.test("cage-wait wakes up for what comes while it waits", async () => {
  await withBoxes(async (boxes) => {
    const waiting = callInside(boxes.box, ["wait.mjs", "--timeout", "30"]);
    const link = open(boxes);
    await boxes.store.queue(makeMessage("ack", {}), "claude");
    await link.deliver();
    assert.equal(JSON.parse((await waiting).stdout).type, "ack");
    await link.close();
  });
});

const SENT: [string, readonly string[], number][] = [
  ["a message", ["task_complete", '{"summary": "x", "exit_code": 0}'], 0],
  ["one without a payload that needs none", ["going_idle"], 0],
  ["a field that is missing", ["task_complete", '{"summary": "x"}'], 2],
  ["a type that there is not", ["hello", "{}"], 2],
  ["a type of the other side", ["ack", "{}"], 2],
  ["what is no JSON", ["error", "{"], 2],
  ["no payload", ["error"], 2],
  ["two payloads", ["error", "{}", "{}"], 2],
  ["a file that is not there", ["error", "--file", "/nowhere"], 2],
  ["nothing", [], 2],
];
for (const [name, args, code] of SENT) {
  Deno.test(`cage-send ends with ${code} for ${name}`, async () => {
    await withBoxes(async ({ box }) => {
      const result = await callInside(box, ["send.mjs", ...args]);
      assert.equal(result.code, code, result.stderr);
      if (code !== 0) assert.match(result.stderr, /^cage-send: .+\nRun: cage-send --help\n$/);
      else assert.match(result.stdout, /^sent \w+ msg-[\w-]+\n$/);
    });
  });
}

Deno.test("cage-send refuses more than a mailbox takes, and says what to do", async () => {
  await withBoxes(async ({ box }) => {
    const file = join(box, "long.json");
    await Deno.writeTextFile(file, JSON.stringify({ status: "x".repeat(1_100_000) }));
    const { code, stderr } = await callInside(box, ["send.mjs", "progress_update", "--file", file]);
    assert.equal(code, 1);
    assert.match(stderr, /longer than 1048576 bytes: send less/);
  });
});

/** A far end that says what it is given. */
function scripted(lines: readonly string[]): ExecStreams {
  const bytes = [...lines.map((line) => new TextEncoder().encode(line))];
  let isClosed = false;
  const waiting = Promise.withResolvers<void>();
  return {
    async read() {
      const next = bytes.shift();
      if (next === undefined && !isClosed) await waiting.promise;
      return next;
    },
    write: () => Promise.resolve(),
    closeWrite: () => Promise.resolve(),
    stderr: () => "",
    exit: () => Promise.resolve(0),
    close() {
      isClosed = true;
      waiting.resolve();
      return Promise.resolve();
    },
  };
}

const HOSTILE: [string, string[], RegExp][] = [
  ["no JSON", ["hello\n"], /nobody understands/],
  ["a kind that there is not", ['{"kind":"run"}\n'], /nobody understands/],
  ["another version", ['{"kind":"hello","protocol":9}\n'], /version/],
  ["a line without an end", ["x".repeat(7_000_000)], /no end/],
  ["a text that is too long", [
    JSON.stringify({ kind: "message", name: "a", text: "x".repeat(1_100_000) }) + "\n",
  ], /nobody understands/],
  ["a delivery of what nobody sent", ['{"kind":"delivered","seq":7}\n'], /not given/],
  ["its own end, with escapes", ['{"kind":"failed","why":"\\u001b[2Jgone"}\n'], /\^\[\[2Jgone/],
];
for (const [name, lines, why] of HOSTILE) {
  Deno.test(`a link ends when the far end says ${name}`, async () => {
    await withBoxes(async (boxes) => {
      const link = open(boxes, scripted(lines));
      assert.match(await link.ended ?? "", why);
      await assert.rejects(() => link.settle());
      assert.equal(boxes.store.outbox.last(), 0);
    });
  });
}

Deno.test("messages that cannot be written down stay inside and are told of once", async () => {
  await withBoxes(async (boxes) => {
    await place(boxes.box, 2);
    // A file where the directory of the messages has to be.
    await Deno.writeTextFile(join(boxes.store.dir, "outbox"), "");
    const link = open(boxes);
    await assert.rejects(() => link.settle());
    assert.equal(boxes.said.length, 1);
    await Deno.remove(join(boxes.store.dir, "outbox"));
    await link.settle();
    await link.close();
    assert.deepEqual(listStatuses(boxes.store), ["1", "2"]);
  });
});

Deno.test("an order is one line for every reader of lines, and says what it said", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const line = formatOrder({ kind: "deliver", text: `${text}\u2028\u2029\r\n\u0085` });
    assert.equal(line.split(/\r?\n|[\r\u2028\u2029]/).length, 2);
    assert.ok(JSON.parse(line).text.startsWith(text));
  }));
});

Deno.test("lines are the same however their bytes are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")), {
      maxLength: 20,
    }),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
    (lines, cuts) => {
      const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
      const read = createLineReader(1_000);
      const got: string[] = [];
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const end = at + cuts[n % cuts.length]!;
        got.push(...read(bytes.slice(at, end)));
        at = end;
      }
      assert.deepEqual(got, lines.map((line) => line.replace(/^\ufeff/, "")));
    },
  ));
});

Deno.test("parseSaid() takes any line, and gives what is known or throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
    try {
      assert.ok(parseSaid(line).kind);
    } catch (error) {
      assert.match(String(error), /nobody understands/);
    }
  }));
});
