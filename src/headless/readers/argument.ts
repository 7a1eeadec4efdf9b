import { type JsonObject, objectOf } from "./json.ts";

/** Names of the argument that says most about a call, the most telling first. */
const TELLING = [
  ...["file_path", "filePath", "notebook_path", "absolute_path", "path", "dir_path"],
  ...["command", "cmd", "script"],
  ...["pattern", "query", "url", "uri", "skill", "name", "title"],
  ...["description", "prompt", "message", "subject", "input", "content"],
];

/** The argument of a call that says most: a path, a command, a pattern. All of them for an unknown tool. */
export function findArgument(input: unknown): string {
  if (typeof input === "string") return input;
  const values: JsonObject = objectOf(input);
  for (const name of TELLING) {
    const value = values[name];
    if (typeof value === "string" && value !== "") return value;
    if (Array.isArray(value) && value.length > 0 && value.every(isText)) return value.join(" ");
  }
  return Object.keys(values).length === 0 ? "" : JSON.stringify(values);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
