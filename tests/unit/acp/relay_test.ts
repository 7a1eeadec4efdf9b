import assert from "node:assert/strict";
import fc from "fast-check";
import { AGENT_WANTED, CLIENT_WANTED } from "../../../src/acp/guard.ts";
import { relay } from "../../../src/acp/relay.ts";
import type { ByteSink, ByteSource } from "../../../src/acp/streams.ts";
import { concatBytes, type Line, PASS, textsAt, type Verdict } from "../../../src/acp/verdict.ts";

/** Refuses one method, for both sides. */
function judge(line: Line): Verdict {
  return textsAt(line, "method").includes("no")
    ? { kind: "refuse", code: -32601, message: "no" }
    : PASS;
}

/** A source that gives pieces out of one buffer it uses again, as real ones do. */
function sourceOf(pieces: Iterable<Uint8Array>, gate?: Promise<unknown>): ByteSource {
  const left = [...pieces];
  const buffer = new Uint8Array(1_000_000);
  return {
    async read() {
      await Promise.resolve();
      const next = left.shift();
      // What was read before is gone.
      buffer.fill(0x21, 0, 4096);
      if (next === undefined) await gate;
      if (next === undefined) return undefined;
      buffer.set(next);
      return buffer.subarray(0, next.length);
    },
  };
}

type Written = ByteSink & { bytes(): Uint8Array; closed: Promise<void> };

function sink(): Written {
  const parts: Uint8Array[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    async write(bytes) {
      await Promise.resolve();
      parts.push(bytes.slice());
    },
    close: () => Promise.resolve(resolve()),
    bytes: () => concatBytes(parts),
    closed: promise,
  };
}

async function run(fromClient: Uint8Array[], fromAgent: Uint8Array[]) {
  const [toClient, toAgent] = [sink(), sink()];
  await relay({
    client: { source: sourceOf(fromClient), sink: toClient },
    // The agent ends when its input has.
    agent: { source: sourceOf(fromAgent, toAgent.closed), sink: toAgent },
  }, {
    client: { wanted: CLIENT_WANTED, judge },
    agent: { wanted: AGENT_WANTED, judge },
  });
  return { toClient: toClient.bytes(), toAgent: toAgent.bytes() };
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("relay() passes every byte of both sides, whatever they are and however they are cut", async () => {
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: "grapheme" }).map((text) => encode(JSON.stringify({ id: 1, text }) + "\n")),
    fc.nat(80_000).map((size) => encode(`{"text":"${"é".repeat(size)}"}\n`)),
    fc.constantFrom("\n", "\r\n", "{", '{"method":"x', "[INFO] up\n").map(encode),
  );
  const side = fc.array(line, { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(side, side, fc.integer({ min: 1, max: 400 }), async (one, other, pieces) => {
      const [client, agent] = [concatBytes(one), concatBytes(other)];
      // Short ones byte by byte, long ones in some hundred pieces.
      const size = Math.max(1, Math.ceil(Math.max(client.length, agent.length) / pieces));
      const out = await run([...cut(client, size)], [...cut(agent, size)]);
      assert.deepEqual(out.toAgent, client);
      assert.deepEqual(out.toClient, agent);
    }),
    { numRuns: 150 },
  );
});

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

Deno.test("relay() answers a refused request itself, with its id as it was written", async () => {
  const out = await run(
    [encode(
      '{"id":12345678901234567890,"method":"no"}\n{"id":"a\\u0062","method":"no"}\n{"id":1}\n',
    )],
    [],
  );
  assert.equal(decode(out.toAgent), '{"id":1}\n');
  assert.equal(
    decode(out.toClient),
    '{"jsonrpc":"2.0","id":12345678901234567890,"error":{"code":-32601,"message":"no"}}\n' +
      '{"jsonrpc":"2.0","id":"ab","error":{"code":-32601,"message":"no"}}\n',
  );
});

Deno.test("relay() drops a refused notification without an answer", async () => {
  const out = await run([encode('{"method":"no"}\n')], []);
  assert.equal(decode(out.toAgent) + decode(out.toClient), "");
});

Deno.test("relay() answers between two lines of the other side, never inside one", async () => {
  const long = `{"text":"${"x".repeat(300_000)}"}\n`;
  const requests = Array.from({ length: 50 }, (_, id) => encode(`{"id":${id},"method":"no"}\n`));
  const out = await run(requests, [...cut(encode(long.repeat(3)), 5_000)]);
  const lines = decode(out.toClient).trimEnd().split("\n");
  assert.equal(lines.filter((line) => `${line}\n` === long).length, 3);
  assert.equal(lines.length, 53);
  for (const line of lines) JSON.parse(line);
});

Deno.test("relay() goes on listening to a client when the agent takes nothing more", async () => {
  const toClient = sink();
  const ended = Promise.withResolvers<void>();
  await relay({
    client: { source: sourceOf([encode("a\n"), encode("b\n")]), sink: toClient },
    agent: {
      source: sourceOf([encode("last words\n")], ended.promise),
      sink: {
        write: () => Promise.reject(new Error("Broken pipe")),
        close: () => Promise.resolve(),
      },
    },
  }, {
    client: { wanted: CLIENT_WANTED, judge },
    agent: { wanted: AGENT_WANTED, judge },
    onClientEnd: (how) => {
      assert.equal(how, "ended");
      ended.resolve();
    },
  });
  assert.equal(decode(toClient.bytes()), "last words\n");
});

Deno.test("relay() says that the client is gone when it takes nothing more", async () => {
  const said: string[] = [];
  const toAgent = sink();
  await relay({
    client: {
      source: sourceOf([], new Promise(() => {})),
      sink: {
        write: () => Promise.reject(new Error("Broken pipe")),
        close: () => Promise.resolve(),
      },
    },
    agent: { source: sourceOf([encode("hello\n")], toAgent.closed), sink: toAgent },
  }, {
    client: { wanted: CLIENT_WANTED, judge },
    agent: { wanted: AGENT_WANTED, judge },
    onClientEnd: (how) => said.push(how),
  });
  assert.deepEqual(said, ["gone"]);
});
