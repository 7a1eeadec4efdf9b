/** A JSON object whose values are not known yet. */
export type JsonObject = Record<string, unknown>;

/** The value as an object; anything else reads as an empty one. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The value as a list of objects; members of another kind are left out. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The value as text; anything else reads as empty. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Text of a content field that is either a string or a list of blocks with `text`. */
export function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  return objectsOf(content).map((block) => textOf(block.text)).filter(Boolean).join("\n");
}

/** Every text in a value, however deep, in order. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
