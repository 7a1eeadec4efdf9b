import { unreachable } from "../../errors.ts";
import type { StreamFormat, StreamReader } from "./reader.ts";
import { createTextReader } from "./text.ts";

/** Makes the reader of a format; each stream has one of its own. */
export function createReader(format: StreamFormat): StreamReader {
  switch (format) {
    case "claude":
    case "codex":
    case "gemini":
    case "text":
      return createTextReader();
    default:
      return unreachable(format);
  }
}
