import assert from "node:assert/strict";
import { bodyOf, statusOf, talkRaw } from "./web_client.ts";
import { type Origin, serveHttp } from "./web_origin.ts";
import { openWorld, type WebWorld } from "./web_world.ts";

const HOST = "Host: a.test\r\n";

/** What Node's parser refuses, and what it lets pass and the gateway refuses (research, section 2). */
const PROBES: [name: string, bytes: string, want: number, reason: string][] = [
  ["a plain request", `GET / HTTP/1.1\r\n${HOST}\r\n`, 200, ""],
  [
    "a length and a transfer encoding",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    403,
    "smuggling",
  ],
  [
    "two lengths that differ",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    403,
    "smuggling",
  ],
  [
    "two lengths that agree",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    403,
    "smuggling",
  ],
  [
    "an unknown transfer encoding",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    403,
    "smuggling",
  ],
  [
    "a transfer encoding after chunked",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    403,
    "smuggling",
  ],
  [
    "a space before the colon",
    `POST / HTTP/1.1\r\n${HOST}Content-Length : 3\r\n\r\nabc`,
    403,
    "smuggling",
  ],
  ["bare line feeds", "GET / HTTP/1.1\nHost: a.test\n\n", 403, "smuggling"],
  ["a folded header", `GET / HTTP/1.1\r\n${HOST}X-A: 1\r\n 2\r\n\r\n`, 403, "smuggling"],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400, ""],
  [
    "a length with a sign",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: +4\r\n\r\nabcd`,
    403,
    "smuggling",
  ],
  ["a NUL in a header", `GET / HTTP/1.1\r\n${HOST}X-A: a\0b\r\n\r\n`, 403, "smuggling"],
  ["two Hosts", `GET / HTTP/1.1\r\n${HOST}Host: evil.test\r\n\r\n`, 403, "smuggling"],
  ["two Hosts that agree", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 403, "smuggling"],
  [
    "an absolute target that names another host",
    `GET http://evil.test/ HTTP/1.1\r\n${HOST}\r\n`,
    403,
    "smuggling",
  ],
  ["an absolute target that agrees", `GET http://a.test/ HTTP/1.1\r\n${HOST}\r\n`, 200, ""],
  [
    "a transfer encoding in HTTP/1.0",
    `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    403,
    "smuggling",
  ],
  ["a Host with userinfo", "GET / HTTP/1.1\r\nHost: a@a.test\r\n\r\n", 403, "smuggling"],
  ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 403, "smuggling"],
  ["another port in Host", "GET / HTTP/1.1\r\nHost: a.test:8080\r\n\r\n", 421, "name-mismatch"],
  ["the port in Host", "GET / HTTP/1.1\r\nHost: a.test:80\r\n\r\n", 200, ""],
  ["a trailing dot and capitals", "GET / HTTP/1.1\r\nHost: A.Test.\r\n\r\n", 200, ""],
  ["an unlisted host", "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", 403, "no-rule"],
  ["TRACE", `TRACE / HTTP/1.1\r\n${HOST}\r\n`, 403, "protocol"],
  ["OPTIONS for the whole server", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 403, "smuggling"],
  [
    "an upgrade to HTTP/2",
    `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`,
    403,
    "protocol",
  ],
  [
    "too many headers",
    `GET / HTTP/1.1\r\n${HOST}${"X-A: 1\r\n".repeat(300)}\r\n`,
    403,
    "smuggling",
  ],
  ["no HTTP at all", "\x16\x03\x01 hello there\r\n\r\n", 403, "smuggling"],
];

async function openPlain(
  seen: string[],
): Promise<{ origin: Origin; world: WebWorld; port: number }> {
  const origin = await serveHttp((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.end("fine");
  });
  const world = await openWorld({ hosts: { "a.test:80": origin.port } });
  return { origin, world, port: await world.listen("http", { port: 80 }) };
}

Deno.test("plain HTTP refuses what two readers could understand differently", async (t) => {
  const seen: string[] = [];
  const { origin, world, port } = await openPlain(seen);
  await using _origin = origin;
  await using _world = world;
  for (const [name, bytes, want, reason] of PROBES) {
    await t.step(`${name} is answered with ${want}`, async () => {
      seen.length = 0;
      world.events.length = 0;
      const closing = bytes.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
      const answer = await talkRaw(port, want === 200 ? closing : bytes);
      assert.equal(statusOf(answer), want, answer);
      if (want === 200) {
        assert.deepEqual(seen, ["GET / a.test"]);
        assert.equal(bodyOf(answer), "fine");
        assert.equal(world.events.at(-1)?.decision, "allow");
        return;
      }
      assert.deepEqual(seen, [], "the host saw something");
      if (want === 400) return;
      assert.match(answer, new RegExp(`^x-gateway-blocked: ${reason}`, "m"));
      assert.equal(JSON.parse(bodyOf(answer)).reason, reason);
      assert.deepEqual(world.events.map(({ decision, reason }) => [decision, reason]), [
        ["deny", reason],
      ]);
    });
  }
});

Deno.test("a body that cannot be read ends its connection, and the host's request with it", async () => {
  const whole: string[] = [];
  await using origin = await serveHttp((request) => {
    request.resume();
    request.once("end", () => whole.push(request.url!));
  });
  await using world = await openWorld({ hosts: { "a.test:80": origin.port } });
  const port = await world.listen("http", { port: 80 });
  const chunks = "1;a\nb\r\nx\r\n0\r\n\r\n";
  const answer = await talkRaw(
    port,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n${chunks}`,
  );
  assert.equal(answer, "");
  assert.equal(world.events.length, 1);
  assert.deepEqual(whole, []);
});

Deno.test("a CONNECT's host binds every request of its connection", async () => {
  const seen: string[] = [];
  const { origin, world } = await openPlain(seen);
  await using _origin = origin;
  await using _world = world;
  const port = await world.listen("http", { host: "a.test", port: 80 });
  const answer = await talkRaw(
    port,
    "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: b.test\r\n\r\n",
  );
  const statuses = [...answer.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map((match) => match[1]);
  assert.deepEqual(statuses, ["200", "421"]);
  assert.deepEqual(seen, ["GET /1 a.test"]);
});

Deno.test("a proxy's absolute-form request loses what is meant for the proxy", async () => {
  const heads: string[][] = [];
  await using origin = await serveHttp((request, response) => {
    heads.push(request.rawHeaders);
    response.end("proxied");
  });
  await using world = await openWorld({ hosts: { "a.test:80": origin.port } });
  await using proxy = await serveHttp((request, response) => {
    world.front.handleProxyRequest(request, response);
  });
  const fine = await talkRaw(
    proxy.port,
    "GET http://a.test/x?y=1 HTTP/1.1\r\nHost: a.test\r\nProxy-Connection: keep-alive\r\n" +
      "Proxy-Authorization: Basic eA==\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\n\r\n",
  );
  assert.equal(bodyOf(fine), "proxied");
  assert.deepEqual(heads, [["host", "a.test", "X-Kept", "2"]]);
  for (
    const [target, reason] of [["https://a.test/", "protocol"], ["/x", "protocol"], [
      "http://b.test/",
      "no-rule",
    ]]
  ) {
    const host = /\/\/([^/]+)/.exec(target!)?.[1] ?? "a.test";
    const refused = await talkRaw(
      proxy.port,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    );
    assert.equal(statusOf(refused), 403);
    assert.equal(JSON.parse(bodyOf(refused)).reason, reason);
  }
});
