import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { BlockedError, type Exchange } from "../../../src/gateway/context.ts";
import { bodyOf, readAll, readUntil, statusOf, talkRaw } from "./web_client.ts";
import { serve, serveHttp } from "./web_origin.ts";
import { openWorld, type WebWorld, type WorldOptions } from "./web_world.ts";

type Setup = AsyncDisposable & { world: WebWorld; port: number };

async function openPlain(
  listener: RequestListener,
  options: Partial<WorldOptions> = {},
): Promise<Setup> {
  const origin = await serveHttp(listener);
  const world = await openWorld({ hosts: { "a.test:80": origin.port }, ...options });
  return {
    world,
    port: await world.listen("http", { port: 80 }),
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

/** An exchange with one thing changed. */
function changing(change: Partial<Exchange>): WorldOptions["exchange"] {
  return (_head, passing) => ({ ...passing, ...change });
}

function ask(lines: string[], body = ""): string {
  return `${lines.join("\r\n")}\r\nHost: a.test\r\nConnection: close\r\n\r\n${body}`;
}

const GET = ask(["GET /x?secret=1 HTTP/1.1"]);

/** Everything a request brings, as text. */
async function bodyOfRequest(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

/** How answers reach the client. */
const ANSWERS: [name: string, listener: RequestListener, want: RegExp[]][] = [
  [
    "with a length",
    (_request, response) => void response.writeHead(200, { "content-length": "3" }).end("abc"),
    [/^HTTP\/1\.1 200 /, /content-length: 3\r\n/i, /\r\n\r\nabc$/],
  ],
  [
    "in chunks",
    (_request, response) => {
      response.write("abc");
      response.end("de");
    },
    [/transfer-encoding: chunked/i, /\r\n\r\n(?:3\r\nabc\r\n2\r\nde|5\r\nabcde)\r\n0\r\n\r\n$/],
  ],
  ["without content", (_request, response) => void response.writeHead(204).end(), [
    /^HTTP\/1\.1 204 [^]*\r\n\r\n$/,
  ]],
  [
    "that nothing changed",
    (_request, response) => void response.writeHead(304, { etag: '"a"' }).end(),
    [/^HTTP\/1\.1 304 /, /etag: "a"/i, /\r\n\r\n$/],
  ],
  [
    "that leads elsewhere",
    (_request, response) => void response.writeHead(302, { location: "http://b.test/" }).end(),
    [/^HTTP\/1\.1 302 /, /location: http:\/\/b\.test\//i],
  ],
  [
    "with two cookies",
    (_request, response) => void response.writeHead(200, { "set-cookie": ["a=1", "b=2"] }).end(),
    [/set-cookie: a=1\r\nset-cookie: b=2/i],
  ],
  [
    "with trailers",
    (_request, response) => {
      response.writeHead(200, { trailer: "x-sum" });
      response.write("abc");
      response.addTrailers({ "x-sum": "9" });
      response.end();
    },
    [/3\r\nabc\r\n0\r\nx-sum: 9\r\n\r\n$/i],
  ],
  [
    "without what belongs to one connection",
    (_request, response) => {
      response.writeHead(200, {
        "connection": "keep-alive, x-hop",
        "x-hop": "1",
        "proxy-authenticate": "Basic",
        "x-kept": "2",
        "content-length": "0",
      });
      response.end();
    },
    [/x-kept: 2/i, /^(?![^]*(?:x-hop: 1|proxy-authenticate))/i],
  ],
];

for (const [name, listener, want] of ANSWERS) {
  Deno.test(`an answer ${name} reaches the client`, async () => {
    await using setup = await openPlain(listener);
    const answer = await talkRaw(setup.port, GET);
    for (const pattern of want) assert.match(answer, pattern);
    const [event] = setup.world.events;
    assert.deepEqual(setup.world.events.length, 1);
    assert.deepEqual(
      [event?.decision, event?.host, event?.path, event?.rule, event?.mode, event?.status],
      ["allow", "a.test", "/x", "a.test:80 (test)", "plain", statusOf(answer)],
    );
    assert.equal(setup.world.tracked.size, 0);
  });
}

Deno.test("the answer to HEAD keeps its length and has no body", async () => {
  await using setup = await openPlain((_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.end();
  });
  const answer = await talkRaw(setup.port, ask(["HEAD / HTTP/1.1"]));
  assert.match(answer, /content-length: 1000/i);
  assert.equal(bodyOf(answer), "");
});

Deno.test("a compressed answer passes as it is", async () => {
  const packed = gzipSync("hello ".repeat(1000));
  await using setup = await openPlain((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
    response.end(packed);
  });
  const answer = await talkRaw(setup.port, GET);
  assert.match(answer, /content-encoding: gzip/i);
  assert.equal(
    gunzipSync(Buffer.from(bodyOf(answer), "latin1")).toString(),
    "hello ".repeat(1000),
  );
});

Deno.test("an event stream is not held back: each event comes before the next is sent", async () => {
  let stream: ServerResponse | undefined;
  const opened = Promise.withResolvers<void>();
  await using setup = await openPlain((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    stream = response;
    opened.resolve();
  });
  const socket = connect(setup.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await readUntil(socket, "\r\n\r\n");
  await opened.promise;
  for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
    const seen = readUntil(socket, event);
    stream!.write(event);
    assert.match(await seen, /data/);
  }
  socket.destroy();
  const event = await setup.world.waitFor(({ kind }) => kind === "request");
  assert.deepEqual([event.decision, event.received], ["allow", 18]);
});

Deno.test("a client that waits for leave to send its body gets it from the gateway", async () => {
  await using setup = await openPlain(async (request, response) => {
    response.end(`got ${await bodyOfRequest(request)} ${request.headers.expect}`);
  });
  const socket = connect(setup.port, "127.0.0.1");
  socket.write(
    "POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 4\r\n" +
      "Expect: 100-continue\r\n\r\n",
  );
  await readUntil(socket, "HTTP/1.1 100 Continue\r\n\r\n");
  const answer = readAll(socket);
  socket.write("body");
  assert.equal(bodyOf(await answer), "got body undefined");
});

for (
  const [name, lines, body, want] of [
    ["with a length", ["Content-Length: 4"], "body", "length 4 undefined body"],
    [
      "in chunks",
      ["Transfer-Encoding: chunked"],
      "4\r\nbody\r\n0\r\n\r\n",
      "length undefined chunked body",
    ],
    ["that is empty", ["Content-Length: 0"], "", "length 0 undefined "],
  ] as const
) {
  Deno.test(`a request body ${name} reaches the host so`, async () => {
    await using setup = await openPlain(async (request, response) => {
      const text = await bodyOfRequest(request);
      const { "content-length": length, "transfer-encoding": encoding } = request.headers;
      response.end(`length ${length} ${encoding} ${text}`);
    });
    const answer = await talkRaw(setup.port, ask(["POST / HTTP/1.1", ...lines], body));
    assert.match(answer, new RegExp(`${want}\\r?\\n?`));
    assert.equal(setup.world.events[0]?.sent, name === "that is empty" ? 0 : 4);
  });
}

Deno.test("a host that breaks off in the middle never looks like an end", async () => {
  await using origin = await serve(createServer((socket: Socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", () => {
        socket.resetAndDestroy();
      });
    });
  }));
  await using world = await openWorld({ hosts: { "a.test:80": origin.port } });
  const port = await world.listen("http", { port: 80 });
  const answer = await talkRaw(port, GET);
  assert.equal(answer.endsWith("0\r\n\r\n"), false);
  const event = await world.waitFor(({ kind }) => kind === "request");
  assert.deepEqual([event.decision, event.reason], ["allow", "upstream"]);
  assert.equal(world.tracked.size, 0);
});

for (
  const [name, answer] of [
    [
      "an answer with two framings",
      "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["no HTTP", "\r\n\r\nhello\r\n\r\n"],
  ] as const
) {
  Deno.test(`a host that sends ${name} is a bad gateway`, async () => {
    await using origin = await serve(createServer((socket: Socket) => {
      socket.once(
        "data",
        () => socket.end(`HTTP/1.1 200 OK\r\n${answer}`.slice(name === "no HTTP" ? 17 : 0)),
      );
    }));
    await using world = await openWorld({ hosts: { "a.test:80": origin.port } });
    const port = await world.listen("http", { port: 80 });
    const text = await talkRaw(port, GET);
    assert.deepEqual([statusOf(text), JSON.parse(bodyOf(text)).reason], [502, "upstream"]);
    assert.equal(world.events[0]?.decision, "deny");
  });
}

Deno.test("a connection that the host closed meanwhile is replaced, once, for a request that may repeat", async () => {
  let connections = 0;
  await using origin = await serve(createServer((socket: Socket) => {
    connections++;
    let requests = 0;
    socket.on("data", () => {
      // The second request on a connection is met by silence and a reset.
      if (++requests > 1) return socket.resetAndDestroy();
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  }));
  await using world = await openWorld({ hosts: { "a.test:80": origin.port } });
  const port = await world.listen("http", { port: 80 });
  assert.equal(statusOf(await talkRaw(port, GET)), 200);
  assert.equal(statusOf(await talkRaw(port, GET)), 200);
  assert.equal(connections, 2);
  const post = ask(["POST / HTTP/1.1", "Content-Length: 1"], "x");
  assert.equal(statusOf(await talkRaw(port, post)), 502);
});

Deno.test("requests of one policy share a connection, those of the next do not", async () => {
  const ports = new Set<number>();
  await using setup = await openPlain((request, response) => {
    ports.add(request.socket.remotePort!);
    response.end("ok");
  });
  for (let i = 0; i < 3; i++) await talkRaw(setup.port, GET);
  assert.equal(ports.size, 1);
  setup.world.setDocument({ version: 2 });
  await talkRaw(setup.port, GET);
  assert.equal(ports.size, 2);
});

Deno.test("a host gets no more than 256 connections; who comes later waits for one", async () => {
  const held: ServerResponse[] = [];
  const ports = new Set<number>();
  const full = Promise.withResolvers<void>();
  let isFull = false;
  await using setup = await openPlain((request, response) => {
    ports.add(request.socket.remotePort!);
    if (isFull) return void response.end("late");
    held.push(response);
    if (held.length === 256) full.resolve();
  });
  const answers = Array.from({ length: 300 }, () => talkRaw(setup.port, GET));
  await full.promise;
  isFull = true;
  for (const response of held) response.end("early");
  const bodies = (await Promise.all(answers)).map(statusOf);
  assert.deepEqual([bodies.length, new Set(bodies)], [300, new Set([200])]);
  assert.equal(ports.size, 256);
});

/** Refused before anything is dialed. */
const REFUSED: [
  name: string,
  change: (world: WebWorld) => void,
  options: Partial<WorldOptions>,
  want: [number, string],
][] = [
  ["the audit log cannot be written", (world) => world.setOpen(false), {}, [503, "audit"]],
  ["the rate is used up", () => {}, { takeToken: () => false }, [429, "rate"]],
  [
    "the method is not allowed",
    (world) => {
      world.setDocument({
        allow: [{ rule: { dest: "a.test", methods: ["PUT"] }, origin: "test" }],
      });
    },
    {},
    [403, "method"],
  ],
  [
    "the path is not allowed",
    (world) => {
      world.setDocument({ allow: [{ rule: "http://a.test/only", origin: "test" }] });
    },
    {},
    [403, "path"],
  ],
  ["an inspector blocks the head", () => {}, {
    exchange: changing({
      findings: [{ action: "block", reason: "secret-leak", detail: "A token in a header" }],
    }),
  }, [403, "secret-leak"]],
  ["the user's inspector blocks", () => {}, {
    exchange: changing({
      settle: () => Promise.resolve([{ action: "block", reason: "inspector", detail: "No" }]),
    }),
  }, [403, "inspector"]],
  ["the user's inspector fails", () => {}, {
    exchange: changing({ settle: () => Promise.reject(new Error("x")) }),
  }, [403, "inspector"]],
  ["an injected value would end its header", () => {}, {
    exchange: (head, passing) => ({
      ...passing,
      head: { ...head, headers: [["authorization", "a\r\nx: y"]] },
    }),
  }, [403, "protocol"]],
];

for (const [name, change, options, want] of REFUSED) {
  Deno.test(`nothing is dialed when ${name}`, async () => {
    await using setup = await openPlain((_request, response) => void response.end(), options);
    change(setup.world);
    const answer = await talkRaw(setup.port, GET);
    assert.deepEqual([statusOf(answer), JSON.parse(bodyOf(answer)).reason], want);
    assert.match(answer, new RegExp(`^x-gateway-blocked: ${want[1]}`, "m"));
    assert.deepEqual(setup.world.dialed, []);
    const denied = setup.world.events.map((
      { decision, reason, status },
    ) => [decision, reason, status]);
    assert.deepEqual(denied, [["deny", want[1], want[0]]]);
    assert.equal(JSON.stringify(setup.world.events).includes("secret=1"), false);
    assert.equal(setup.world.tracked.size, 0);
  });
}

Deno.test("a flag lets the request through and is on record before it", async () => {
  await using setup = await openPlain((_request, response) => void response.end(), {
    exchange: changing({ findings: [{ action: "flag", reason: "entropy", detail: "Odd" }] }),
  });
  assert.equal(statusOf(await talkRaw(setup.port, GET)), 200);
  assert.deepEqual(
    setup.world.events.map(({ decision, reason, path }) => [decision, reason, path]),
    [["flag", "entropy", undefined], ["allow", "rule", "/x"]],
  );
});

/** A gate that holds all of a body up to a size, and blocks what holds a word. */
function makeGate(word: string): Transform {
  let held = "";
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held += chunk.toString("latin1");
      if (held.includes(word)) {
        done(new BlockedError({ action: "block", reason: "secret-leak", detail: "A secret" }));
        return;
      }
      const free = held.length > 1000 ? held.slice(0, -word.length) : "";
      held = held.slice(free.length);
      done(null, free === "" ? undefined : Buffer.from(free, "latin1"));
    },
    flush(done) {
      done(null, Buffer.from(held.replaceAll("PLACEHOLDER", "value"), "latin1"));
    },
  });
}

Deno.test("a small body is sent with the length it leaves its gate with", async () => {
  await using setup = await openPlain(async (request, response) => {
    response.end(`${request.headers["content-length"]} ${await bodyOfRequest(request)}`);
  }, { exchange: changing({ openRequestBody: () => makeGate("SECRET"), keepsLength: false }) });
  const answer = await talkRaw(
    setup.port,
    ask(["POST / HTTP/1.1", "Content-Length: 13"], "a PLACEHOLDER"),
  );
  assert.equal(bodyOf(answer), "7 a value");
});

Deno.test("a body blocked in its first bytes never meets the host", async () => {
  await using setup = await openPlain((_request, response) => void response.end(), {
    exchange: changing({ openRequestBody: () => makeGate("SECRET") }),
  });
  const answer = await talkRaw(
    setup.port,
    ask(["POST / HTTP/1.1", "Content-Length: 8"], "a SECRET"),
  );
  assert.deepEqual([statusOf(answer), JSON.parse(bodyOf(answer)).reason], [403, "secret-leak"]);
  assert.deepEqual(setup.world.dialed, []);
  assert.deepEqual(setup.world.events.map(({ decision, path }) => [decision, path]), [
    ["deny", undefined],
  ]);
});

Deno.test("a body blocked later ends the host's request without an end", async () => {
  const ended = Promise.withResolvers<boolean>();
  const begun = Promise.withResolvers<void>();
  await using setup = await openPlain((request) => {
    request.once("data", () => begun.resolve());
    request.on("data", () => {});
    request.once("close", () => ended.resolve(request.complete));
  }, { exchange: changing({ openRequestBody: () => makeGate("SECRET") }) });
  const socket = connect(setup.port, "127.0.0.1");
  const answer = readAll(socket);
  socket.write("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5000\r\n\r\n");
  socket.write("x".repeat(2000));
  await begun.promise;
  socket.write("a SECRET");
  const text = await answer;
  assert.deepEqual([statusOf(text), JSON.parse(bodyOf(text)).reason], [403, "secret-leak"]);
  assert.equal(await ended.promise, false);
});

Deno.test("an answer that has to be read is changed, in any pieces", async () => {
  await using setup = await openPlain((_request, response) => {
    response.writeHead(200, { "content-length": "9", "content-encoding": "x" });
    response.end("abcabcabc");
  }, {
    exchange: changing({
      scrubHeaders: (headers) => [...headers, ["x-scrubbed", "1"]],
      openResponseBody: () => ({
        decoded: true,
        body: new Transform({
          transform: (chunk: Buffer, _encoding, done) =>
            done(null, Buffer.from(chunk.toString().replaceAll("b", "**"))),
        }),
      }),
    }),
  });
  const answer = await talkRaw(setup.port, GET);
  assert.match(answer, /x-scrubbed: 1/);
  assert.doesNotMatch(answer, /content-length|content-encoding/i);
  assert.match(answer, /a\*\*ca\*\*ca\*\*c/);
});

Deno.test("an answer that cannot be read and has to be is denied", async () => {
  await using setup = await openPlain((_request, response) => void response.end("x"), {
    exchange: changing({
      openResponseBody: () => {
        throw new BlockedError({ action: "block", reason: "encoding", detail: "Unknown" });
      },
    }),
  });
  const answer = await talkRaw(setup.port, GET);
  assert.deepEqual([statusOf(answer), JSON.parse(bodyOf(answer)).reason], [403, "encoding"]);
});

Deno.test("a reload ends what is on its way", async () => {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using setup = await openPlain((request) => {
    asked.resolve();
    request.socket.once("close", () => gone.resolve());
  });
  const answer = talkRaw(setup.port, GET);
  await asked.promise;
  const [connection] = [...setup.world.tracked];
  assert.deepEqual([connection?.host, connection?.port, connection?.mode], ["a.test", 80, "plain"]);
  connection!.close("revoked");
  assert.equal(JSON.parse(bodyOf(await answer)).reason, "revoked");
  await gone.promise;
  assert.equal(setup.world.tracked.size, 0);
});
