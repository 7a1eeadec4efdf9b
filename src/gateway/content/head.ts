import { Buffer } from "node:buffer";
import { PLACEHOLDER_PATTERN, PLACEHOLDER_PREFIX } from "../../policy/protocol.ts";
import type { RequestHead } from "../context.ts";
import type { HostContext } from "./host_context.ts";
import { escapeUrl } from "./needles.ts";
import type { CompiledSecret } from "./scanner.ts";

/** Times a target is decoded to be searched: hosts behind proxies decode more than once. */
const DECODINGS = 3;
/** Of these a request has one: when one of them holds a placeholder, the others do not go along. */
const CREDENTIAL_HEADERS = new Set(["authorization", "x-api-key"]);

/** The parts of a head as text to search: as it is, and what is hidden by an encoding. */
export function formatHead(head: RequestHead): { plain: string; hidden: string } {
  // Below a wildcard a host's name is the agent's to choose, and so is a method.
  let plain = `${head.method} ${head.host}\n${head.target}\n`;
  let hidden = "";
  for (const [name, value] of head.headers) {
    plain += `${name}: ${value}\n`;
    const basic = decodeBasic(value);
    if (basic !== null) plain += `${basic.text}\n`;
  }
  for (let text = head.target, round = 0; round < DECODINGS && text.includes("%"); round++) {
    const decoded = text.replace(/%([0-9a-f]{2})/gi, decodeByte);
    if (decoded === text) break;
    // Once decoded, a placeholder can still be replaced; deeper it cannot.
    if (round === 0) plain += `${decoded}\n`;
    else hidden += `${decoded}\n`;
    text = decoded;
  }
  return { plain, hidden };
}

/**
 * The head to send: placeholders of the host's own secrets replaced in the target and in header values,
 * also inside `Basic`. When `authorization` or `x-api-key` holds a placeholder, the other one is left
 * out unless it holds one too: the agent's own credential must not speak instead of the secret. An
 * encoding of the response is not asked for where it has to be scrubbed.
 *
 * @returns `dropped`: names of credentials left out.
 */
export function injectHead(
  head: RequestHead,
  options: { context: HostContext; placeholders: ReadonlyMap<string, CompiledSecret> },
): { head: RequestHead; dropped: string[] } {
  const { context, placeholders } = options;
  const swap = (text: string, write: (value: string) => string) =>
    text.replace(PLACEHOLDER_PATTERN, (placeholder) => {
      const secret = placeholders.get(placeholder);
      return secret === undefined || !context.own.has(secret) ? placeholder : write(secret.value);
    });
  const speaking = new Set<[string, string]>();
  const headers: [string, string][] = [];
  let hasEncoding = false;
  for (const [name, value] of head.headers) {
    const lower = name.toLowerCase();
    if (lower === "accept-encoding") {
      if (!hasEncoding) headers.push([name, "identity"]);
      hasEncoding = true;
      continue;
    }
    const swapped = swapHeader(value, swap);
    const header: [string, string] = [name, swapped];
    if (swapped !== value && CREDENTIAL_HEADERS.has(lower)) speaking.add(header);
    headers.push(header);
  }
  if (!hasEncoding) headers.push(["accept-encoding", "identity"]);
  const dropped: string[] = [];
  const kept = speaking.size === 0 ? headers : headers.filter((header) => {
    const lower = header[0].toLowerCase();
    if (!CREDENTIAL_HEADERS.has(lower) || speaking.has(header)) return true;
    dropped.push(lower);
    return false;
  });
  return { head: { ...head, target: swapTarget(head.target, swap), headers: kept }, dropped };
}

type Swap = (text: string, write: (value: string) => string) => string;

function swapHeader(value: string, swap: Swap): string {
  if (value.includes(PLACEHOLDER_PREFIX)) value = swap(value, toLatin1);
  const basic = decodeBasic(value);
  if (basic === null || !basic.text.includes(PLACEHOLDER_PREFIX)) return value;
  return basic.scheme + Buffer.from(swap(basic.text, toLatin1), "latin1").toString("base64");
}

function swapTarget(target: string, swap: Swap): string {
  if (target.includes(PLACEHOLDER_PREFIX)) target = swap(target, escapeUrl);
  if (!target.includes("%")) return target;
  // These characters mean the same with and without encoding (RFC 3986 section 2.3).
  const plain = target.replace(/%([0-9a-f]{2})/gi, (code, hex: string) => {
    const char = decodeByte(code, hex);
    return /[A-Za-z0-9_]/.test(char) ? char : code;
  });
  return plain.includes(PLACEHOLDER_PREFIX) ? swap(plain, escapeUrl) : target;
}

/** RFC 7617; the scheme with its space, so that the rest can be put together again. */
function decodeBasic(value: string): { scheme: string; text: string } | null {
  if (value.length < 8 || (value.charCodeAt(0) | 0x20) !== 0x62) return null;
  const parts = /^(basic +)([A-Za-z0-9+/_=-]+) *$/i.exec(value);
  if (parts === null) return null;
  return { scheme: parts[1]!, text: Buffer.from(parts[2]!, "base64").toString("latin1") };
}

/** Header values are sent as Latin-1; the bytes of a value are those of UTF-8. */
function toLatin1(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}

function decodeByte(_code: string, hex: string): string {
  return String.fromCharCode(parseInt(hex, 16));
}
