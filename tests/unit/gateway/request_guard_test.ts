import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Destination,
  formatAuthority,
  guardRequest,
  parseAuthority,
  type RawRequest,
} from "../../../src/gateway/request_guard.ts";

const HTTPS: Destination = { scheme: "https", host: "a.test", port: 443 };

function raw(change: Partial<RawRequest> = {}): RawRequest {
  return { version: "1.1", method: "GET", target: "/", headers: [["Host", "a.test"]], ...change };
}

function h2(change: Partial<RawRequest> = {}): RawRequest {
  return {
    version: "2",
    method: "GET",
    target: "/",
    authority: "a.test",
    scheme: "https",
    headers: [],
    ...change,
  };
}

for (
  const [text, want] of [
    ["a.test", { host: "a.test", port: null }],
    ["A.TEST.:8443", { host: "a.test", port: 8443 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["192.0.2.1", { host: "192.0.2.1", port: null }],
    ["a.test:", undefined],
    ["a.test:0", undefined],
    ["a.test:65536", undefined],
    ["a.test:+80", undefined],
    ["a.test:80:80", undefined],
    ["user@a.test", undefined],
    ["a.test/x", undefined],
    ["a.test b.test", undefined],
    ["a.test,b.test", undefined],
    ["a.test\\@b.test", undefined],
    ["::1", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`parseAuthority() reads ${JSON.stringify(text)} as ${JSON.stringify(want)}`, () => {
    assert.deepEqual(parseAuthority(text), want);
  });
}

Deno.test("formatAuthority() leaves out the scheme's own port, and brackets IPv6", () => {
  assert.equal(formatAuthority({ scheme: "https", host: "a.test", port: 443 }), "a.test");
  assert.equal(formatAuthority({ scheme: "http", host: "a.test", port: 443 }), "a.test:443");
  assert.equal(formatAuthority({ scheme: "http", host: "::1", port: 80 }), "[::1]");
});

/** Requests that are refused, with the reason. */
const REFUSED: [name: string, request: RawRequest, reason: string][] = [
  ["HTTP/2 with Connection", h2({ headers: [["connection", "close"]] }), "smuggling"],
  [
    "HTTP/2 with Transfer-Encoding",
    h2({ headers: [["transfer-encoding", "chunked"]] }),
    "smuggling",
  ],
  ["HTTP/2 with Upgrade", h2({ headers: [["upgrade", "websocket"]] }), "smuggling"],
  ["HTTP/2 with Proxy-Connection", h2({ headers: [["proxy-connection", "x"]] }), "smuggling"],
  ["HTTP/2 of another authority", h2({ authority: "b.test" }), "name-mismatch"],
  ["HTTP/2 with another port", h2({ authority: "a.test:8443" }), "name-mismatch"],
  ["HTTP/2 with another scheme", h2({ scheme: "http" }), "smuggling"],
  ["HTTP/2 with a Host that differs", h2({ headers: [["host", "b.test"]] }), "smuggling"],
  ["HTTP/2 without a name", h2({ authority: undefined }), "smuggling"],
  ["HTTP/2 with an absolute path", h2({ target: "https://a.test/" }), "smuggling"],
  [
    "two transfer encodings",
    raw({
      headers: [["Host", "a.test"], ["Transfer-Encoding", "chunked"], [
        "transfer-encoding",
        "chunked",
      ]],
    }),
    "smuggling",
  ],
  [
    "an unknown expectation",
    raw({ headers: [["Host", "a.test"], ["Expect", "tea"]] }),
    "smuggling",
  ],
  ["a control character", raw({ headers: [["Host", "a.test"], ["X", "a\x7fb"]] }), "smuggling"],
  ["a line end", raw({ headers: [["Host", "a.test"], ["X", "a\r\nb: c"]] }), "smuggling"],
  ["a header without a name", raw({ headers: [["Host", "a.test"], ["", "a"]] }), "smuggling"],
  ["http inside TLS", raw({ target: "http://a.test/" }), "smuggling"],
  ["a method with a blank", raw({ method: "GET /" }), "protocol"],
  ["a path with a blank", raw({ target: "/a b" }), "protocol"],
  ["a path with raw UTF-8", raw({ target: "/ü" }), "protocol"],
  ["CONNECT", raw({ method: "CONNECT", target: "b.test:443" }), "protocol"],
  ["an upgrade", raw({ headers: [["Host", "a.test"], ["Upgrade", "h2c"]] }), "protocol"],
];

for (const [name, request, reason] of REFUSED) {
  Deno.test(`a request is refused: ${name}`, () => {
    const result = guardRequest(request, HTTPS, { isUpgrade: false });
    assert.equal(result.ok ? "passed" : result.refusal.reason, reason);
  });
}

Deno.test("what passes is without what belongs to one connection", () => {
  const result = guardRequest(
    raw({
      method: "POST",
      target: "https://A.test:443?q=1",
      headers: [
        ["host", "a.test"],
        ["Connection", "close, X-Hop, Authorization, te"],
        ["X-Hop", "1"],
        ["TE", "gzip"],
        ["Keep-Alive", "1"],
        ["Proxy-Authorization", "x"],
        ["Authorization", "kept"],
        ["Expect", "100-continue"],
        ["Content-Length", "3"],
        ["X-Two", "1"],
        ["x-two", "2"],
      ],
    }),
    HTTPS,
    { isUpgrade: false },
  );
  assert.deepEqual(result, {
    ok: true,
    head: {
      scheme: "https",
      host: "a.test",
      port: 443,
      method: "POST",
      target: "/?q=1",
      headers: [["Authorization", "kept"], ["Content-Length", "3"], ["X-Two", "1"], ["x-two", "2"]],
    },
    body: 3,
    expectsContinue: true,
  });
});

Deno.test("no list of headers lets another host through, or an inner line end", () => {
  const name = fc.oneof(
    fc.constantFrom("Host", "host", "HOST", "X-Host", "Connection", "Transfer-Encoding", "TE"),
    fc.string({ maxLength: 8 }),
  );
  const value = fc.oneof(
    fc.constantFrom(
      "a.test",
      "A.TEST.",
      "a.test:443",
      "b.test",
      "a.test b.test",
      "host",
      "chunked",
    ),
    fc.string({ maxLength: 12 }),
  );
  const target = fc.oneof(
    fc.constantFrom("/", "https://a.test/", "https://b.test/", "//b.test/", "*"),
    fc.string({ maxLength: 12 }).map((text) => `/${text}`),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), target, (headers, target) => {
      const result = guardRequest(raw({ headers, target }), HTTPS, { isUpgrade: false });
      if (!result.ok) return;
      assert.equal(result.head.host, "a.test");
      const hosts = headers.filter(([name]) => name.toLowerCase() === "host");
      assert.equal(hosts.length, 1);
      assert.match(hosts[0]![1], /^a\.test\.?(:443)?$/i);
      assert.match(result.head.target, /^\/[\x21-\x7e]*$/);
      for (const [name, value] of result.head.headers) {
        assert.match(name, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/);
        assert.doesNotMatch(value, /[\r\n\0]/);
        assert.notEqual(name.toLowerCase(), "connection");
      }
    }),
    { numRuns: 20_000 },
  );
});
