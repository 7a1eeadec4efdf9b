import assert from "node:assert/strict";
import { join } from "node:path";
import { openPoller, type PolledStream } from "../../../src/engine/poller.ts";

const ignore = Deno.build.os !== "linux";

/** A poller's connection, and the runtime's other end of it. */
async function withPair(
  act: (polled: PolledStream, peer: Deno.UnixConn) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "socket");
  const listener = Deno.listen({ transport: "unix", path });
  const poller = openPoller()!;
  try {
    const polled = poller.connect(path);
    const peer = await listener.accept();
    try {
      await act(polled, peer);
    } finally {
      closeQuietly(peer);
    }
  } finally {
    poller.close();
    listener.close();
    await Deno.remove(dir, { recursive: true });
  }
}

function closeQuietly(peer: Deno.UnixConn): void {
  try {
    peer.close();
  } catch {
    // Its streams closed it.
  }
}

async function readAll(polled: PolledStream): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await polled.read(buffer);
    if (count === null) break;
    chunks.push(buffer.slice(0, count));
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

async function writeAll(peer: Deno.UnixConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await peer.write(bytes.subarray(at));
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 9)) & 0xff);
}

// The thread that waits beside ends after its poller: a sanitizer would see it.
const options = { ignore, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "what a poller reads is all that was written, up to the end",
  options,
  () =>
    withPair(async (polled, peer) => {
      const sent = pattern(1_000_003);
      const [read] = await Promise.all([
        readAll(polled),
        writeAll(peer, sent).then(() => peer.closeWrite()),
      ]);
      assert.deepEqual(read, sent);
      assert.equal(await polled.read(new Uint8Array(8)), null, "the end stays the end");
    }),
);

Deno.test(
  "a poller reads what comes after a long silence",
  options,
  () =>
    withPair(async (polled, peer) => {
      const buffer = new Uint8Array(8);
      const coming = polled.read(buffer);
      // Longer than it waits in this thread.
      await new Promise((resolve) => setTimeout(resolve, 30));
      await peer.write(new TextEncoder().encode("late"));
      assert.equal(await coming, 4);
      assert.equal(new TextDecoder().decode(buffer.subarray(0, 4)), "late");
    }),
);

Deno.test(
  "what nobody takes yet is written when it is taken, in order",
  options,
  () =>
    withPair(async (polled, peer) => {
      const sent = pattern(3_000_000);
      const first = polled.write(sent);
      assert.ok(first !== undefined, "a socket does not hold that much");
      const received = new Uint8Array(sent.length);
      for (let at = 0; at < received.length;) {
        at += (await peer.read(received.subarray(at)))!;
      }
      await first;
      assert.deepEqual(received, sent);
      assert.equal(polled.write(new Uint8Array([1])), undefined, "there is room again");
    }),
);

Deno.test(
  "writing and reading at once, each more than the other side holds",
  options,
  () =>
    withPair(async (polled, peer) => {
      const sent = pattern(2_000_000);
      const echo = peer.readable.pipeTo(peer.writable);
      const write = (async () => {
        for (let at = 0; at < sent.length; at += 50_000) {
          await polled.write(sent.subarray(at, at + 50_000));
        }
        await polled.closeWrite();
      })();
      const [read] = await Promise.all([readAll(polled), write]);
      await echo.catch(() => {});
      assert.deepEqual(read, sent);
    }).catch((error) => {
      // The streams of the peer closed it already.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }),
);

Deno.test(
  "writing to a side that left rejects and does not throw",
  options,
  () =>
    withPair(async (polled, peer) => {
      const shut = peer.readable.cancel();
      await shut.catch(() => {});
      const write = polled.write(new Uint8Array([1]));
      await assert.rejects(async () => await write, Deno.errors.BrokenPipe);
    }).catch((error) => {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }),
);

Deno.test("a socket that is not there is an error", options, () => {
  const poller = openPoller()!;
  try {
    assert.throws(() => poller.connect("/nowhere/socket"), Deno.errors.ConnectionRefused);
    assert.throws(() => poller.connect(`/${"x".repeat(200)}`), Deno.errors.ConnectionRefused);
  } finally {
    poller.close();
  }
});

Deno.test("find() answers as indexOf does, in short and in long arrays", options, () => {
  const poller = openPoller()!;
  try {
    for (const length of [0, 1, 511, 512, 513, 5000]) {
      const bytes = new Uint8Array(length).fill(1);
      for (const at of [0, 1, 400, 511, 512, 600, 4999]) {
        const marked = bytes.slice();
        if (at < length) marked[at] = 10;
        for (const from of [0, 1, 100, 512, 4999, 5000]) {
          const name = `${length} bytes, ${at}, from ${from}`;
          assert.equal(poller.find(marked, 10, from), marked.indexOf(10, from), name);
          const view = new Uint8Array(marked.buffer).subarray(Math.min(3, length));
          assert.equal(poller.find(view, 10, from), view.indexOf(10, from), `${name}, shifted`);
        }
      }
    }
  } finally {
    poller.close();
  }
});
