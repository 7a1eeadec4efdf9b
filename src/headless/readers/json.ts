import type { AgentEvent } from "../event.ts";

/** An object of JSON, its values unknown: what an agent sends is believed of nothing. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a line as an object; `undefined` when it is none. */
export function findObject(line: string): JsonObject | undefined {
  // Most lines that are no object are told apart without reading them.
  if (!/^\s*\{/.test(line)) return undefined;
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** The value as an object; an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as JsonObject
    : {};
}

/** The objects of a list; none for anything else. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** The value as text; empty for anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value as text, or nothing where there is none. */
export function findTextOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value as a number of something, or nothing where it is none. */
export function findAmount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The same object without the keys that have no value. */
export function withoutAbsent<T extends object>(
  value: { [K in keyof T]: T[K] | undefined },
): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as T;
}

/** The text of content: itself, or that of its blocks; what is no text is named. */
export function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === undefined ? "" : JSON.stringify(content);
  return objectsOf(content).map((block) =>
    typeof block.text === "string" ? block.text : `[${textOf(block.type) || "data"}]`
  ).join("\n");
}

/** A line that is none of the format, as what the agent said. */
export function unread(line: string): AgentEvent[] {
  return [{ kind: "text", text: line, isUnread: true }];
}
