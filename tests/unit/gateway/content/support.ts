import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { finished } from "node:stream/promises";
import type { Duplex } from "node:stream";
import { BlockedError, type Finding, type RequestHead } from "../../../../src/gateway/context.ts";
import { compileContent } from "../../../../src/gateway/content/compile.ts";
import type { InspectSpec, PolicyDocument, SecretSpec } from "../../../../src/policy/document.ts";

/** The defaults of the configuration. */
export const INSPECT: InspectSpec = {
  secrets: "block",
  entropy: "flag",
  contentType: "flag",
  body: "block",
  bodyLimit: 10 * 1024 * 1024,
  websocket: "block",
  hosts: [],
};

export const OFF: InspectSpec = {
  secrets: "off",
  entropy: "off",
  contentType: "off",
  body: "off",
  bodyLimit: 0,
  websocket: "off",
  hosts: [],
};

/** A placeholder of its own for each character. */
export function placeholderOf(char: string): string {
  return `withheld_ph_${char.repeat(40)}`;
}

/** A secret for inject.test. */
export function secretOf(value: string, options: Partial<SecretSpec> = {}): SecretSpec {
  return {
    name: "API_KEY",
    placeholder: placeholderOf("a"),
    value,
    to: ["inject.test"],
    body: false,
    ...options,
  };
}

export function documentOf(options: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    schema: 1,
    version: 1,
    allow: [],
    block: [],
    passthrough: [],
    inspect: INSPECT,
    rate: null,
    secrets: [],
    inspectors: [],
    ...options,
  };
}

export async function compile(options: Partial<PolicyDocument> = {}) {
  const compiled = await compileContent(documentOf(options));
  assert(compiled.ok, JSON.stringify(compiled));
  return compiled.content;
}

export function headOf(options: Partial<RequestHead> = {}): RequestHead {
  return {
    scheme: "https",
    host: "inject.test",
    port: 443,
    method: "POST",
    target: "/v1/things?limit=10",
    headers: [["Host", options.host ?? "inject.test"], ["Accept", "*/*"]],
    ...options,
  };
}

export type Passed = { out: Buffer; blocked: Finding | null };

/** Sends chunks through a stream; what came out, also when it was blocked. */
export async function pass(stream: Duplex, chunks: Iterable<Buffer>): Promise<Passed> {
  const out: Buffer[] = [];
  stream.on("data", (piece: Buffer) => out.push(piece));
  const end = finished(stream).then(() => null, (error: unknown) => error);
  for (const chunk of chunks) {
    if (stream.destroyed) break;
    if (!stream.write(chunk)) {
      await new Promise<void>((resolve) => {
        const go = () => {
          stream.off("drain", go).off("close", go);
          resolve();
        };
        stream.on("drain", go).on("close", go);
      });
    }
  }
  if (!stream.destroyed) stream.end();
  const error = await end;
  if (error !== null && !(error instanceof BlockedError)) throw error;
  return { out: Buffer.concat(out), blocked: error?.finding ?? null };
}

/** Cuts data at these lengths, again and again. */
export function* cut(data: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < data.length; index++) {
    const length = Math.max(1, lengths[index % lengths.length] ?? data.length);
    yield data.subarray(at, at + length);
    at += length;
  }
}

/** What the reader of an audit line sees of findings. */
export function summarize(findings: readonly Finding[]): string[] {
  return findings.map(({ action, reason }) => `${action} ${reason}`);
}

/** Text that looks random and is the same in each run. */
export function noise(length: number, alphabet: string, options: { seed?: number } = {}): string {
  let state = (options.seed ?? 1) * 2654435761 >>> 0;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += alphabet[(state >>> 8) % alphabet.length];
  }
  return text;
}

export const LOWER_HEX = "0123456789abcdef";
export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const ALNUM = `${LETTERS}0123456789`;
