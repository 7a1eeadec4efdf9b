import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { createResponseParser, ResponseError } from "../../../src/gateway/response_parser.ts";

/** What a parser said, in order; bodies joined. */
type Told = {
  informations: number[];
  status?: number;
  body: string;
  trailers?: [string, string][];
};

/** Reads a whole answer, cut at these places. */
function read(
  text: string | Buffer,
  options: { method?: string; cuts?: number[]; finish?: boolean } = {},
): Told & { isReusable: boolean } {
  const told: Told = { informations: [], body: "" };
  const parser = createResponseParser();
  parser.expect(options.method ?? "GET", {
    onInformation: ({ status }) => told.informations.push(status),
    onHead: ({ status }) => told.status = status,
    onBody: (chunk) => told.body += chunk.toString("latin1"),
    onEnd: (trailers) => told.trailers = trailers,
  });
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, "latin1");
  const places = [...new Set([0, ...options.cuts ?? [], bytes.length])].sort((a, b) => a - b);
  for (let i = 1; i < places.length; i++) parser.push(bytes.subarray(places[i - 1], places[i]));
  if (options.finish) parser.finish();
  return { ...told, isReusable: parser.isReusable() };
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Answers that are read, and as what. */
const READ: [name: string, text: string, want: Partial<Told> & { isReusable?: boolean }][] = [
  ["a length", `${OK}Content-Length: 3\r\n\r\nabc`, {
    body: "abc",
    trailers: [],
    isReusable: true,
  }],
  ["no body", `${OK}Content-Length: 0\r\n\r\n`, { body: "", trailers: [], isReusable: true }],
  ["no content", "HTTP/1.1 204 No Content\r\n\r\n", {
    status: 204,
    trailers: [],
    isReusable: true,
  }],
  ["no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", { status: 200, isReusable: true }],
  ["not modified with a length", "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", {
    status: 304,
    trailers: [],
    isReusable: true,
  }],
  ["chunks", `${CHUNKED}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`, {
    body: "abcde",
    trailers: [],
    isReusable: true,
  }],
  ["chunks with trailers", `${CHUNKED}1\r\na\r\n0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n`, {
    body: "a",
    trailers: [["X-Sum", "1"], ["X-B", "2"]],
    isReusable: true,
  }],
  ["a hint before", `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 1\r\n\r\na`, {
    informations: [103],
    body: "a",
    isReusable: true,
  }],
  ["a connection that closes", `${OK}Connection: close\r\nContent-Length: 1\r\n\r\na`, {
    trailers: [],
    isReusable: false,
  }],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", {
    trailers: [],
    isReusable: false,
  }],
  ["lengths that agree", `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`, {
    trailers: [],
    isReusable: true,
  }],
  ["bytes behind the answer", `${OK}Content-Length: 1\r\n\r\nab`, {
    body: "a",
    trailers: [],
    isReusable: false,
  }],
  ["a second answer behind it", `${OK}Content-Length: 1\r\n\r\na${OK}\r\n`, {
    body: "a",
    isReusable: false,
  }],
];

for (const [name, text, want] of READ) {
  Deno.test(`an answer with ${name} is read`, () => {
    const told = read(text);
    for (const [key, value] of Object.entries(want)) {
      assert.deepEqual(told[key as keyof typeof told], value, key);
    }
  });
}

/** Answers that could be read in two ways, or in none. */
const REFUSED: [name: string, text: string][] = [
  [
    "a length and a transfer encoding",
    `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  ["two lengths", `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ["a list of lengths", `${OK}Content-Length: 3, 3\r\n\r\nabc`],
  ["a length with a sign", `${OK}Content-Length: +3\r\n\r\nabc`],
  ["a length in hex", `${OK}Content-Length: 0x3\r\n\r\nabc`],
  ["an unknown transfer encoding", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  [
    "two transfer encodings",
    `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a folded header", `${OK}X-A: 1\r\n 2\r\n\r\n`],
  ["a space before the colon", `${OK}Content-Length : 3\r\n\r\nabc`],
  ["no colon", `${OK}nonsense\r\n\r\n`],
  ["a bare line feed in a header", `${OK}X-A: 1\nX-B: 2\r\n\r\n`],
  ["a carriage return in a header", `${OK}X-A: 1\rX-B: 2\r\n\r\n`],
  ["a NUL in a header", `${OK}X-A: 1\0\r\n\r\n`],
  ["another protocol", "HTTP/2 200 OK\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["an upgrade nobody asked for", "HTTP/1.1 101 Switching\r\n\r\n"],
  ["a chunk longer than its size", `${CHUNKED}1\r\nab\r\n0\r\n\r\n`],
  ["a chunk without a size", `${CHUNKED}\r\nab\r\n`],
  ["a negative chunk", `${CHUNKED}-1\r\na\r\n`],
  ["a chunk's size with a bare line feed", `${CHUNKED}1\na\r\n0\r\n\r\n`],
  ["a chunk too large to count", `${CHUNKED}ffffffffffffffff\r\n`],
  ["a head that does not end", `${OK}X-A: ${"a".repeat(70_000)}`],
  ["a chunk's extension that does not end", `${CHUNKED}1;${"a".repeat(5000)}`],
  ["too many headers", `${OK}${"A: 1\r\n".repeat(600)}\r\n`],
  ["hints without end", "HTTP/1.1 103 x\r\n\r\n".repeat(20)],
];

for (const [name, text] of REFUSED) {
  Deno.test(`an answer with ${name} is refused`, () => {
    assert.throws(() => read(text), ResponseError);
  });
}

Deno.test("the answer to HEAD has no body, whatever its length says", () => {
  const told = read(`${OK}Content-Length: 5\r\n\r\n`, { method: "HEAD" });
  assert.deepEqual([told.body, told.trailers, told.isReusable], ["", [], true]);
});

Deno.test("an answer without a length ends with its connection, and only then", () => {
  assert.equal(read(`${OK}\r\nabc`).trailers, undefined);
  const told = read(`${OK}\r\nabc`, { finish: true });
  assert.deepEqual([told.body, told.trailers, told.isReusable], ["abc", [], false]);
});

Deno.test("an answer cut short is an error, never an end", () => {
  for (
    const text of [`${OK}Content-Length: 3\r\n\r\nab`, `${CHUNKED}3\r\nab`, OK, `${CHUNKED}0\r\n`]
  ) {
    assert.throws(() => read(text, { finish: true }), ResponseError, text);
  }
});

Deno.test("how an answer is cut into pieces changes nothing", () => {
  const whole = READ.map(([, text]) => text).filter((text) => !text.includes("103"));
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.array(fc.nat(120), { maxLength: 12 }),
      (text, cuts) => {
        const inside = cuts.filter((cut) => cut < text.length);
        assert.deepEqual(read(text, { cuts: inside }), read(text));
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("chunks of any sizes in any pieces come out as they went in", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }),
      fc.array(fc.nat(3000), { maxLength: 20 }),
      (chunks, cuts) => {
        const parts = chunks.map((chunk) =>
          Buffer.concat([
            Buffer.from(`${chunk.length.toString(16)}\r\n`),
            chunk,
            Buffer.from("\r\n"),
          ])
        );
        const bytes = Buffer.concat([Buffer.from(CHUNKED), ...parts, Buffer.from("0\r\n\r\n")]);
        const told = read(bytes, { cuts: cuts.filter((cut) => cut < bytes.length) });
        assert.equal(told.body, Buffer.concat(chunks).toString("latin1"));
        assert.deepEqual([told.trailers, told.isReusable], [[], true]);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("any bytes are read or refused, and never throw anything else", () => {
  const nearly = fc.tuple(fc.constantFrom(...READ, ...REFUSED), fc.nat(200), fc.nat(255)).map(
    ([[, text], at, byte]) => {
      const bytes = Buffer.from(text, "latin1");
      if (at < bytes.length) bytes[at] = byte;
      return bytes;
    },
  );
  const any = fc.oneof(
    nearly,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(any, fc.array(fc.nat(200), { maxLength: 5 }), (bytes, cuts) => {
      try {
        read(bytes, { cuts: cuts.filter((cut) => cut < bytes.length), finish: true });
      } catch (error) {
        assert.ok(error instanceof ResponseError, String(error));
      }
    }),
    { numRuns: 20_000 },
  );
});
