import { bytesOf } from "../bytes.ts";
import { type Material, mutate } from "../mutate.ts";
import { NAMES, PLACEHOLDER, SECRET } from "../names.ts";
import type { Random } from "../random.ts";

/** A request; lines as given. */
export function formatRequest(lines: readonly string[], body = ""): Uint8Array<ArrayBuffer> {
  return bytesOf(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** Everything a request can be led astray by. */
const TOKENS = [
  ...["\r\n", "\n", "\r", "\0", " ", "\t", ":", "\r\n\r\n", "\r\n ", "0\r\n\r\n"],
  ...["Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length: +4\r\n"],
  ...["Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n", "chunked, identity"],
  ...["Transfer-Encoding : chunked\r\n", "TE: trailers\r\n", "Expect: 100-continue\r\n"],
  ...[`Host: ${NAMES.evil}\r\n`, `Host: a@${NAMES.evil}\r\n`, `Host: ${NAMES.allowed}\r\n`],
  ...[`http://${NAMES.evil}/`, `https://${NAMES.evil}/`, `//${NAMES.evil}/`, "*", "HTTP/1.0"],
  ...[
    "Connection: close\r\n",
    "Connection: host\r\n",
    "Connection: upgrade\r\n",
    "Upgrade: h2c\r\n",
  ],
  ...["Upgrade: websocket\r\n", "../", "%2e%2e/", "%252e%252e/", "//", ";", "\\", "/api/../admin"],
  ...[
    `GET / HTTP/1.1\r\nHost: ${NAMES.evil}\r\n\r\n`,
    "X".repeat(300),
    "\xff\xfe",
    "%00",
    "%0d%0a",
  ],
  ...[PLACEHOLDER, PLACEHOLDER.slice(0, 30), `Authorization: Bearer ${PLACEHOLDER}\r\n`],
  ...[SECRET, btoa(SECRET), encodeURIComponent(SECRET), `Cookie: a=${SECRET}\r\n`],
  ...[btoa(`user:${PLACEHOLDER}`), `Authorization: Basic ${btoa(`u:${PLACEHOLDER}`)}\r\n`],
  ...["Content-Encoding: gzip\r\n", "Content-Type: application/json\r\n", "Trailer: host\r\n"],
];

/** Requests to one host; those of two requests use the connection twice. */
export function http1Material(host: string): Material {
  const to = `Host: ${host}`;
  const chunked = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
  const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  return {
    seeds: [
      formatRequest(["GET /api/one?a=b HTTP/1.1", to, "Accept: */*", "User-Agent: fuzz/1"]),
      formatRequest(["POST /api/two HTTP/1.1", to, "Content-Length: 11"], "hello world"),
      formatRequest(["POST /x HTTP/1.1", to, "Transfer-Encoding: chunked"], chunked),
      formatRequest(
        ["GET /api/a HTTP/1.1", to],
        `GET /api/b HTTP/1.1\r\n${to}\r\nConnection: close\r\n\r\n`,
      ),
      formatRequest(["GET /api/ HTTP/1.1", to, `Authorization: Bearer ${PLACEHOLDER}`]),
      formatRequest([`GET /api/?key=${PLACEHOLDER} HTTP/1.1`, to]),
      formatRequest(["POST /api/ HTTP/1.1", to, "Content-Length: 60"], `{"k":"${PLACEHOLDER}"}`),
      formatRequest(["GET /api/ HTTP/1.1", to, `Cookie: s=${SECRET}`]),
      formatRequest(["HEAD /api/ HTTP/1.0", to]),
      formatRequest(["OPTIONS * HTTP/1.1", to]),
      formatRequest([
        "GET /ws HTTP/1.1",
        to,
        ...upgrade,
        `Sec-WebSocket-Key: ${btoa("0".repeat(16))}`,
      ]),
    ],
    tokens: TOKENS.map(bytesOf),
  };
}

/** Requests to a proxy: absolute form and CONNECT. */
export function proxyMaterial(): Material {
  const hosts = [NAMES.allowed, NAMES.evil, NAMES.inject, "203.0.113.66", "[2001:db8::66]"];
  const numeric = [
    "3405803842",
    "0xcb007142",
    "0313.0.0161.0102",
    "203.0.113.66.",
    "::ffff:cb00:7142",
  ];
  return {
    seeds: [
      ...hosts.map((host) => formatRequest([`GET http://${host}/api/ HTTP/1.1`, `Host: ${host}`])),
      ...[...hosts, ...numeric].map((host) =>
        formatRequest([`CONNECT ${host}:443 HTTP/1.1`, `Host: ${host}:443`])
      ),
      formatRequest([`CONNECT ${NAMES.allowed}:22 HTTP/1.1`, `Host: ${NAMES.allowed}:22`]),
      formatRequest(
        [`CONNECT ${NAMES.allowed}:80 HTTP/1.1`, `Host: ${NAMES.allowed}`],
        `GET /api/ HTTP/1.1\r\nHost: ${NAMES.evil}\r\n\r\n`,
      ),
    ],
    tokens: [...TOKENS, "CONNECT ", ":443", ":22", ":0", ":65536", "@", "#", "?", "[::1]", "\u00ad"]
      .map(bytesOf),
  };
}

/** Responses of servers, for the reader of what comes back. */
export const RESPONSE_MATERIAL: Material = {
  seeds: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nKeep-Alive: timeout=5\r\n\r\n",
    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n",
  ].map(bytesOf),
  tokens: [...TOKENS, "HTTP/1.1 200 OK\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "ffffffffff\r\n"]
    .map(bytesOf),
};

const HEADERS = [
  ...["Accept: */*", "Content-Type: application/json", "Cookie: a=b", "TE: trailers", "X-Y: z"],
  ...["Connection: close", "Connection: x-y", "Upgrade: websocket", "Expect: 100-continue"],
  ...["Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Content-Length: 5", "Host: b.test"],
  ...["Content-Length: 05", "Content-Length: 5, 5", "X: a\tb", "Proxy-Connection: keep-alive"],
];

const REQUESTS = http1Material(NAMES.allowed);

/** A request to the allowed host with its parts drawn; half of them changed as bytes, too. */
export function makeRequest(random: Random): Uint8Array<ArrayBuffer> {
  if (random.oneIn(3)) return mutate(random, REQUESTS);
  const host = NAMES.allowed;
  const target = random.pick([
    "/",
    "/a?b",
    "/api/../x",
    `https://${host}/a`,
    "*",
    "a",
    "/%00",
    "//x",
  ]);
  const method = random.pick(["GET", "POST", "DELETE", "M-SEARCH", "TRACE", "CONNECT", "g{"]);
  const named = random.pick([
    host,
    host,
    host,
    `${host}:443`,
    `${host}.`,
    host.toUpperCase(),
    "",
    "::1",
  ]);
  const headers = Array.from({ length: random.integer(5) }, () => random.pick(HEADERS));
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${named}`, ...headers];
  const bytes = formatRequest(lines, random.oneIn(2) ? "hello" : "");
  return random.oneIn(2) ? mutate(random, { ...REQUESTS, seeds: [bytes] }) : bytes;
}

/** Heads of HTTP/2, a header to a line. */
export function h2HeadMaterial(host: string): Material {
  const start = (method: string, path: string) =>
    `:method: ${method}\n:scheme: https\n:authority: ${host}\n:path: ${path}`;
  return {
    seeds: [
      `${start("GET", "/a?b")}\naccept: */*\ncookie: a=b`,
      `${start("POST", "/x")}\ncontent-length: 5\nte: trailers`,
      `${start("GET", "/")}\nhost: ${host}`,
      start("OPTIONS", "*"),
    ].map(bytesOf),
    tokens: [
      ...TOKENS,
      "\n:path: /b",
      "\nhost: b.test",
      "\ntransfer-encoding: chunked",
      "\nte: gzip",
    ]
      .map(bytesOf),
  };
}

/** A response with its parts drawn; half of them changed as bytes, too. */
export function makeResponse(random: Random): Uint8Array<ArrayBuffer> {
  if (random.oneIn(3)) return mutate(random, RESPONSE_MATERIAL);
  const chunk = () => {
    const size = random.integer(20);
    const head = random.pick([
      size.toString(16),
      `${size.toString(16)};x=y`,
      `0${size.toString(16)}`,
    ]);
    return `${head}\r\n${"b".repeat(size)}\r\n`;
  };
  const chunks = Array.from({ length: random.integer(4) }, chunk).join("");
  const [header, body] = random.pick([
    ["Content-Length: 5", "hello"],
    ["Transfer-Encoding: chunked", `${chunks}0\r\n${random.pick(["", "", "X: y\r\n"])}\r\n`],
    ["Connection: close", "until the end"],
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"],
    ["Content-Length: 5\r\nContent-Length: 5", "hello"],
  ]);
  const status = random.pick([200, 200, 204, 304, 404, 101, 99, 1000]);
  const version = random.pick(["1.1", "1.1", "1.1", "1.0", "2"]);
  const before = random.oneIn(6) ? "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" : "";
  const bytes = bytesOf(
    `${before}HTTP/${version} ${status} OK\r\nA: b\r\n${header}\r\n\r\n${body}`,
  );
  return random.oneIn(2) ? mutate(random, { ...RESPONSE_MATERIAL, seeds: [bytes] }) : bytes;
}
