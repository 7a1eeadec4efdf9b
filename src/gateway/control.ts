import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { GatewaySettings, HostMessage } from "../policy/protocol.ts";

/** What a line from the host turned out to be; a policy's document is not looked at yet. */
export type HostLine =
  | { kind: "message"; message: Untrusted<HostMessage> }
  /** `version` is that of the policy in it, where one can be seen. */
  | { kind: "malformed"; version: number; problem: string };

/** A message whose policy still has to be parsed. */
type Untrusted<Message> = Message extends { policy: unknown }
  ? Omit<Message, "policy"> & { policy: unknown }
  : Message;

/** Longest line in bytes: ten thousand rules and a few inspectors are about two million. */
const LONGEST_LINE = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Splits the host's stream into lines and reads each. Ends with the stream; a last line without an
 * end is dropped: it was cut off.
 */
export async function* readHostLines(stream: Readable): AsyncGenerator<HostLine> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const isWhole = length + end <= LONGEST_LINE;
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString("utf8");
      yield isWhole ? parseHostLine(line) : malformed("The line is too long");
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    length += rest.length;
    // What is too long is skipped up to its end, but not kept.
    if (length <= LONGEST_LINE) parts.push(rest);
    else parts = [];
  }
}

/** Reads one line. Problems never repeat what was in it: it holds secrets. */
export function parseHostLine(line: string): HostLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The engine's own message quotes the text.
    return malformed("The line is not JSON");
  }
  if (!isRecord(value)) return malformed("The line is not an object");
  switch (value.type) {
    case "start": {
      const { settings, policy } = value;
      if (policy === undefined) return malformed("start has no policy");
      if (!isRecord(settings)) return malformed("start has no settings", policy);
      const problem = findSettingsProblem(settings);
      if (problem !== null) return malformed(`settings.${problem}`, policy);
      return {
        kind: "message",
        message: { type: "start", settings: settings as GatewaySettings, policy },
      };
    }
    case "policy":
      if (value.policy === undefined) return malformed("policy has no policy");
      return { kind: "message", message: { type: "policy", policy: value.policy } };
    case "audit-written": {
      const { sequence } = value;
      if (typeof sequence !== "number" || !Number.isSafeInteger(sequence)) {
        return malformed("audit-written has no sequence");
      }
      return { kind: "message", message: { type: "audit-written", sequence } };
    }
    case "audit-failed":
      if (typeof value.reason !== "string") return malformed("audit-failed has no reason");
      return { kind: "message", message: { type: "audit-failed", reason: value.reason } };
    default:
      return malformed("The type is unknown");
  }
}

/** The version of something that may be a policy document; 0 when it tells none. */
export function findVersion(policy: unknown): number {
  const version = isRecord(policy) ? policy.version : undefined;
  return typeof version === "number" && Number.isSafeInteger(version) ? version : 0;
}

function malformed(problem: string, policy?: unknown): HostLine {
  return { kind: "malformed", version: findVersion(policy), problem };
}

function findSettingsProblem(settings: Record<string, unknown>): string | null {
  const { address, agent, inbound, dns, upstreamProxy, extraCa, ca } = settings;
  if (typeof address !== "string" || address === "") return "address is not a text";
  if (typeof agent !== "string" || agent === "") return "agent is not a text";
  if (!isListOf(inbound, isPort)) return "inbound is not a list of ports";
  if (!isListOf(dns, isText)) return "dns is not a list of texts";
  if (!isListOf(extraCa, isText)) return "extraCa is not a list of texts";
  if (upstreamProxy !== null) {
    if (!isRecord(upstreamProxy) || !isText(upstreamProxy.url)) return "upstreamProxy has no url";
    if (!isListOf(upstreamProxy.noProxy, isText)) return "upstreamProxy.noProxy is not a list";
  }
  if (ca !== null && (!isRecord(ca) || !isText(ca.certificate) || !isText(ca.key))) {
    return "ca is not a certificate and a key";
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isPort(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65536;
}
