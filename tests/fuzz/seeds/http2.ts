import { bigEndian, bytesOf, pack } from "../bytes.ts";
import type { Material } from "../mutate.ts";
import { NAMES, PLACEHOLDER, SECRET } from "../names.ts";

/** Frame types and flags of RFC 9113 section 6. */
const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, window: 8, more: 9 };
const END_STREAM = 1;
const END_HEADERS = 4;

/** What every connection starts with. */
export const HTTP2_PREFACE = bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** One frame; its length is its own. */
export function formatFrame(
  [type, flags, stream]: readonly [number, number, number],
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return pack(...bigEndian(payload.length, 3), type, flags, ...bigEndian(stream, 4), payload);
}

/** Headers as literals that no table keeps (RFC 7541 section 6.2.2), without Huffman. */
function formatBlock(headers: readonly (readonly [string, string])[]): Uint8Array {
  return pack(
    ...headers.map(([name, value]) =>
      pack(0, ...formatLength(name.length), name, ...formatLength(value.length), value)
    ),
  );
}

function formatLength(length: number): number[] {
  if (length < 127) return [length];
  const rest = length - 127;
  return rest < 128 ? [127, rest] : [127, (rest & 127) | 128, rest >> 7];
}

function request(
  stream: number,
  options: { host: string; method?: string; path?: string; more?: readonly [string, string][] },
): Uint8Array {
  const { host, method = "GET", path = "/api/one", more = [] } = options;
  const headers = [
    [":method", method],
    [":scheme", "https"],
    [":authority", host],
    [":path", path],
    ...more,
  ] as const;
  const flags = END_HEADERS | (method === "GET" ? END_STREAM : 0);
  return formatFrame([TYPE.headers, flags, stream], formatBlock(headers));
}

/** Connections to one host, each from its preface on. */
export function http2Material(host: string): Material {
  const start = [HTTP2_PREFACE, formatFrame([TYPE.settings, 0, 0], new Uint8Array())];
  const data = (stream: number, text: string) =>
    formatFrame([TYPE.data, END_STREAM, stream], bytesOf(text));
  return {
    seeds: [
      pack(...start, request(1, { host })),
      pack(...start, request(1, { host }), request(3, { host: NAMES.evil })),
      pack(...start, request(1, { host, method: "POST" }), data(1, "hello world")),
      pack(...start, request(1, { host, more: [["authorization", `Bearer ${PLACEHOLDER}`]] })),
      pack(...start, request(1, { host, method: "POST" }), data(1, `{"k":"${PLACEHOLDER}"}`)),
      pack(...start, request(1, { host, more: [["cookie", SECRET], ["host", NAMES.evil]] })),
      pack(...start, request(1, { host, path: "/api/../admin", more: [["te", "trailers"]] })),
      pack(
        ...start,
        formatFrame([TYPE.ping, 0, 0], bytesOf("12345678")),
        formatFrame([TYPE.window, 0, 0], pack(0, 0, 255, 255)),
        request(1, { host, method: "POST" }),
        formatFrame([TYPE.reset, 0, 1], pack(0, 0, 0, 8)),
        formatFrame([TYPE.goaway, 0, 0], pack(0, 0, 0, 1, 0, 0, 0, 0)),
      ),
    ],
    tokens: [
      request(5, { host: NAMES.evil }),
      request(5, { host, method: "CONNECT", path: "/" }),
      formatFrame([TYPE.more, END_HEADERS, 1], formatBlock([["x", "y"]])),
      formatFrame([TYPE.settings, 0, 0], pack(0, 4, 0xff, 0xff, 0xff, 0xff)),
      formatFrame([TYPE.settings, 1, 0], new Uint8Array()),
      formatFrame([TYPE.window, 0, 1], pack(0x7f, 0xff, 0xff, 0xff)),
      formatFrame([TYPE.reset, 0, 1], pack(0, 0, 0, 0)),
      data(1, SECRET),
      formatBlock([["transfer-encoding", "chunked"], ["connection", "close"]]),
      formatBlock([["host", NAMES.evil], [":authority", NAMES.evil], ["content-length", "3"]]),
      bytesOf(NAMES.evil),
      bytesOf(PLACEHOLDER),
      pack(0xff, 0xff, 0xff),
      pack(0, 0, 0, 0),
    ],
  };
}
