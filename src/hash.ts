import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * SHA-256 as 64 hex digits. Not `node:crypto`: loading it costs 27 ms of every start (measured on
 * Deno 2.9.6), and `crypto.subtle` cannot answer at once.
 */
export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(typeof data === "string" ? utf8ToBytes(data) : data));
}
