import type { Found, Scanned } from "./scan.ts";

/** What becomes of a line. */
export type Verdict =
  | { kind: "pass" }
  /** Bytes of the line that are replaced, in order; everything else stays as it is. */
  | { kind: "rewrite"; edits: readonly Edit[] }
  /** It is not passed on; a request is answered with this JSON-RPC error. */
  | { kind: "refuse"; code: number; message: string };

/** A range of a line and what stands there instead. */
export type Edit = { start: number; end: number; text: string };

/** The usual answer. */
export const PASS: Verdict = { kind: "pass" };

/** Error codes of JSON-RPC that the relay answers with. */
export const RPC = {
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
} as const;

/** A line as far as it was read. */
export type Line = Scanned & {
  /** All of it was read, and none of it was passed on yet. */
  whole: boolean;
};

/** Every text found at a path, in the order of the line. */
export function textsAt(line: Pick<Scanned, "found">, path: string): string[] {
  // Asked for each message: flatMap would take several times as long.
  const texts: string[] = [];
  for (const { path: at, value } of line.found) {
    if (at === path && value.kind === "text") texts.push(value.text);
  }
  return texts;
}

/** Everything found at a path, in the order of the line. */
export function foundAt(line: Pick<Scanned, "found">, path: string): Found[] {
  return line.found.filter((entry) => entry.path === path);
}

/** The id of a request as written, ready for an answer; `undefined` when there is none to answer to. */
export function findId(line: Pick<Scanned, "found">): string | undefined {
  // Parsers disagree about which of two counts; the last one does for most.
  const value = foundAt(line, "id").at(-1)?.value;
  switch (value?.kind) {
    case "text":
      return JSON.stringify(value.text);
    case "raw":
      return isJsonScalar(value.text) ? value.text : undefined;
    default:
      return undefined;
  }
}

/** Formats the relay's own answer to a request, as a line. */
export function formatRefusal(id: string, error: { code: number; message: string }): string {
  const { code, message } = error;
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}\n`;
}

/** Carries edits out; of those that are there twice, as what was read both ways is, the first. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { start, end, text } of edits.toSorted((one, other) => one.start - other.start)) {
    if (start < at) continue;
    parts.push(bytes.subarray(at, start), new TextEncoder().encode(text));
    at = end;
  }
  parts.push(bytes.subarray(at));
  return concatBytes(parts);
}

/** One array of many. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function isJsonScalar(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
