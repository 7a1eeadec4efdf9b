/** What the echo answers: the request as it was seen, in the form that its path asks for. */
import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Seen } from "../types.ts";
import type { Response } from "./web.ts";

const ENCODERS: Record<string, (body: Buffer) => Buffer> = {
  gzip: gzipSync,
  br: brotliCompressSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
};

const JSON_TYPE = { "content-type": "application/json" };

/**
 * Answers one request. Paths: `/chunked`, `/split` (byte by byte), `/encoded/NAME`, `/sse`, `/header`,
 * `/redirect?to=`, `/status/N`, `/slow?ms=`, `/large?bytes=`, `/reset`, `/raw`; every other one is a
 * plain JSON body.
 */
export async function reply(
  response: Response,
  request: { seen: Seen; body: Buffer },
): Promise<void> {
  const { seen, body } = request;
  const url = new URL(seen.target, "http://echo");
  const text = Buffer.from(JSON.stringify({ ...seen, body: body.toString() }));
  const [, form, detail = ""] = url.pathname.split("/");
  // Both kinds of response have these methods; their types share no base.
  const out = response as ServerResponse;
  switch (form) {
    case "raw":
      return void out.end();
    case "chunked":
      out.writeHead(200, JSON_TYPE);
      for (let at = 0; at < text.length; at += 7) out.write(text.subarray(at, at + 7));
      return void out.end();
    case "split":
      out.writeHead(200, JSON_TYPE);
      for (const byte of text) {
        out.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return void out.end();
    case "encoded":
      out.writeHead(200, { ...JSON_TYPE, "content-encoding": detail });
      return void out.end(ENCODERS[detail]?.(text) ?? text);
    case "sse":
      out.writeHead(200, { "content-type": "text/event-stream" });
      for (let count = 0; count < 3; count++) {
        out.write(`event: echo\ndata: ${text}\n\n`);
        await pause(20);
      }
      return void out.end();
    case "header":
      out.writeHead(200, { "x-echo": encodeURI(headerOf(seen, "authorization") ?? "") });
      return void out.end("the value is in a header\n");
    case "redirect":
      out.writeHead(302, { location: url.searchParams.get("to") ?? "/" });
      return void out.end();
    case "status":
      out.writeHead(Number(detail), JSON_TYPE);
      return void out.end(text);
    case "slow":
      await pause(Number(url.searchParams.get("ms")));
      break;
    case "large":
      return await sendLarge(out, Number(url.searchParams.get("bytes")));
    case "reset":
      out.writeHead(200, { "content-length": "1000" });
      out.write("the beginning", () => out.destroy());
      return;
  }
  out.writeHead(200, JSON_TYPE);
  out.end(text);
}

export function headerOf(seen: Seen, name: string): string | undefined {
  return seen.headers.find(([header]) => header.toLowerCase() === name)?.[1];
}

async function sendLarge(out: ServerResponse, bytes: number): Promise<void> {
  const block = Buffer.alloc(65_536, "0123456789abcdef");
  out.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": String(bytes),
  });
  for (let left = bytes; left > 0; left -= block.length) {
    if (out.write(block.subarray(0, Math.min(left, block.length)))) continue;
    await new Promise<void>((resolve) => out.once("drain", resolve));
  }
  out.end();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
