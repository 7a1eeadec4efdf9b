import { Buffer } from "node:buffer";
import { findTokens, type HeaderList, isHeaderName, isHeaderValue } from "./header_rules.ts";

/** Start of a response. */
export type ResponseHead = {
  status: number;
  /** As received, in order. */
  headers: HeaderList;
  /** Nothing follows: the method or the status has no body. */
  bodyless: boolean;
};

/** What a response is made of, in the order it comes. */
export type ResponseEvents = {
  /** A 1xx before the response. */
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  onBody(chunk: Buffer): void;
  onEnd(trailers: HeaderList): void;
};

/** Reads the responses of one HTTP/1 connection, one request at a time. */
export type ResponseParser = {
  /** Waits for the response to a request of this method. */
  expect(method: string, events: ResponseEvents): void;
  /** @throws {ResponseError} If the bytes are no response of HTTP/1, or leave its length in doubt. */
  push(chunk: Buffer): void;
  /** The connection ended. @throws {ResponseError} If the response is not whole. */
  finish(): void;
  /** Reports nothing further. */
  cancel(): void;
  /** Bytes of the response have come. */
  isStarted(): boolean;
  /** The response is whole and the connection may carry another. */
  isReusable(): boolean;
  /** Milliseconds the server keeps the connection, when it says so. */
  keepAliveMs(): number | null;
};

/** A response that is refused: broken, or readable in more than one way. */
export class ResponseError extends Error {
  override readonly name = "ResponseError";
}

type State = "idle" | "head" | "length" | "until-end" | "chunk-size" | "chunk" | "trailers";

const EMPTY: Buffer = Buffer.alloc(0);
const HEAD_END = Buffer.from("\r\n\r\n");
/** Larger than any server sends on purpose. */
const MOST_HEAD_BYTES = 64 * 1024;
const MOST_HEADERS = 512;
const MOST_INFORMATION = 16;
/** A chunk's size and its extension. */
const MOST_LINE_BYTES = 4096;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$/;
// Eleven digits are 16 TiB, and exact as a number.
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,11})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

/** Makes the parser of one connection. Strict: what is ambiguous is an error, nothing is repaired. */
export function createResponseParser(): ResponseParser {
  let state: State = "idle";
  let rest = EMPTY;
  let remaining = 0;
  let method = "";
  let events: ResponseEvents | undefined;
  let informations = 0;
  let started = false;
  let reusable = false;
  let keepAlive: number | null = null;

  function end(trailers: HeaderList) {
    const { onEnd } = events!;
    state = "idle";
    events = undefined;
    onEnd(trailers);
  }

  /** Handles one whole head; the state after it says how the body is read. */
  function startResponse(text: string) {
    const lines = text.split("\r\n");
    const match = STATUS_LINE.exec(lines[0]!);
    if (match === null) throw new ResponseError("its status line cannot be read");
    const status = Number(match[2]);
    const headers = parseFields(lines, 1);
    if (status < 200) {
      if (status === 101 || ++informations > MOST_INFORMATION) {
        throw new ResponseError(`it answered ${status} unasked`);
      }
      events!.onInformation({ status, headers, bodyless: true });
      return;
    }
    const framing = findFraming(headers, match[1] === "1");
    const bodyless = method === "HEAD" || status === 204 || status === 304;
    reusable = match[1] === "1" && !findTokens(headers, "connection").includes("close");
    keepAlive = findKeepAlive(headers);
    if (bodyless || framing === 0) state = "length";
    else if (framing === "chunked") state = "chunk-size";
    else if (framing === "until-end") state = "until-end";
    else state = "length";
    remaining = bodyless || typeof framing === "string" ? 0 : framing;
    if (state === "until-end") reusable = false;
    events!.onHead({ status, headers, bodyless });
    if (events !== undefined && state === "length" && remaining === 0) end([]);
  }

  /** Takes a line of at most this many bytes; nothing when it is not whole yet. */
  function findLine(buffer: Buffer, at: number): string | undefined {
    const lineEnd = buffer.indexOf(10, at);
    const length = (lineEnd === -1 ? buffer.length : lineEnd) - at;
    if (length > MOST_LINE_BYTES) throw new ResponseError("a chunk's size is too long");
    if (lineEnd === -1) return undefined;
    if (length === 0 || buffer[lineEnd - 1] !== 13) throw new ResponseError("a line ends wrongly");
    return buffer.toString("latin1", at, lineEnd - 1);
  }

  return {
    expect(nextMethod, nextEvents) {
      method = nextMethod;
      events = nextEvents;
      state = "head";
      informations = 0;
      started = false;
      reusable = false;
    },
    push(chunk) {
      let buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let searched = Math.max(0, rest.length - 3);
      rest = EMPTY;
      started = true;
      while (buffer.length > 0) {
        if (events === undefined) {
          // Bytes nobody asked for: whose answer they would become cannot be told.
          reusable = false;
          return;
        }
        switch (state) {
          case "idle":
            return;
          case "head": {
            const headEnd = buffer.indexOf(HEAD_END, searched);
            if ((headEnd === -1 ? buffer.length : headEnd) > MOST_HEAD_BYTES) {
              throw new ResponseError("its headers are too large");
            }
            if (headEnd === -1) {
              rest = buffer;
              return;
            }
            searched = 0;
            const text = buffer.toString("latin1", 0, headEnd);
            buffer = buffer.subarray(headEnd + 4);
            startResponse(text);
            break;
          }
          case "length":
          case "chunk": {
            const part = buffer.length <= remaining ? buffer : buffer.subarray(0, remaining);
            if (state === "chunk" && part.length === remaining) {
              // The line end that follows belongs to the chunk.
              if (buffer.length < remaining + 2) {
                if (buffer.length > remaining && buffer[remaining] !== 13) {
                  throw new ResponseError("a chunk is longer than its size");
                }
                rest = buffer;
                return;
              }
              if (buffer[remaining] !== 13 || buffer[remaining + 1] !== 10) {
                throw new ResponseError("a chunk is longer than its size");
              }
              buffer = buffer.subarray(remaining + 2);
              remaining = 0;
              state = "chunk-size";
              events.onBody(part);
              break;
            }
            buffer = buffer.subarray(part.length);
            remaining -= part.length;
            events.onBody(part);
            if (events !== undefined && state === "length" && remaining === 0) end([]);
            break;
          }
          case "until-end":
            events.onBody(buffer);
            return;
          case "chunk-size": {
            const line = findLine(buffer, 0);
            if (line === undefined) {
              rest = buffer;
              return;
            }
            const size = CHUNK_SIZE.exec(line);
            if (size === null) throw new ResponseError("a chunk's size cannot be read");
            buffer = buffer.subarray(line.length + 2);
            remaining = Number.parseInt(size[1]!, 16);
            state = remaining === 0 ? "trailers" : "chunk";
            break;
          }
          case "trailers": {
            if (buffer[0] === 13 && buffer[1] === 10) {
              buffer = buffer.subarray(2);
              end([]);
              break;
            }
            const trailersEnd = buffer.indexOf(HEAD_END);
            if ((trailersEnd === -1 ? buffer.length : trailersEnd) > MOST_HEAD_BYTES) {
              throw new ResponseError("its trailers are too large");
            }
            if (trailersEnd === -1) {
              rest = buffer;
              return;
            }
            const lines = buffer.toString("latin1", 0, trailersEnd).split("\r\n");
            buffer = buffer.subarray(trailersEnd + 4);
            end(parseFields(lines, 0));
            break;
          }
          default:
            unreachable(state);
        }
      }
    },
    finish() {
      if (events === undefined) return;
      if (state !== "until-end") throw new ResponseError("it ended before its response did");
      end([]);
    },
    cancel() {
      events = undefined;
      reusable = false;
    },
    isStarted: () => started,
    isReusable: () => reusable && events === undefined && rest.length === 0,
    keepAliveMs: () => keepAlive,
  };
}

function parseFields(lines: readonly string[], from: number): HeaderList {
  if (lines.length - from > MOST_HEADERS) throw new ResponseError("it has too many headers");
  const fields: HeaderList = [];
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    const value = line.slice(colon + 1);
    if (!isHeaderName(name) || !isHeaderValue(value)) {
      throw new ResponseError("one of its headers cannot be read");
    }
    fields.push([name, value.trim()]);
  }
  return fields;
}

/** How long the body is; refused when a second reader could come to another answer. */
function findFraming(headers: HeaderList, isHttp11: boolean): number | "chunked" | "until-end" {
  let encoding: string | undefined;
  let length: string | undefined;
  for (const [name, value] of headers) {
    switch (name.length) {
      case 17:
        if (name.toLowerCase() !== "transfer-encoding") break;
        if (encoding !== undefined) throw new ResponseError("it has two transfer encodings");
        encoding = value.toLowerCase();
        break;
      case 14:
        if (name.toLowerCase() !== "content-length") break;
        if (length !== undefined && length !== value) {
          throw new ResponseError("it has two lengths");
        }
        length = value;
        break;
    }
  }
  if (encoding !== undefined) {
    if (length !== undefined) throw new ResponseError("it has a length and a transfer encoding");
    if (encoding !== "chunked" || !isHttp11) {
      throw new ResponseError("its transfer encoding is not known");
    }
    return "chunked";
  }
  if (length === undefined) return "until-end";
  if (!/^[0-9]{1,15}$/.test(length)) throw new ResponseError("its length cannot be read");
  return Number(length);
}

function findKeepAlive(headers: HeaderList): number | null {
  for (const [name, value] of headers) {
    if (name.length !== 10 || name.toLowerCase() !== "keep-alive") continue;
    const seconds = /(?:^|[,\s])timeout=([0-9]{1,6})/i.exec(value)?.[1];
    return seconds === undefined ? null : Number(seconds) * 1000;
  }
  return null;
}

function unreachable(state: never): never {
  throw new Error(`Unknown state: ${state}`);
}
