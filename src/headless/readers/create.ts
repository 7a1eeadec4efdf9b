import { unreachable } from "../../errors.ts";
import { createAcpReader } from "./acp.ts";
import { createClaudeReader } from "./claude.ts";
import { createCodexReader } from "./codex.ts";
import { createGeminiReader } from "./gemini.ts";
import type { StreamFormat, StreamReader } from "./reader.ts";
import { createTextReader } from "./text.ts";

/** Makes the reader of a format; each stream has one of its own. */
export function createReader(format: StreamFormat): StreamReader {
  switch (format) {
    case "claude":
      return createClaudeReader();
    case "codex":
      return createCodexReader();
    case "gemini":
      return createGeminiReader();
    case "acp":
      return createAcpReader();
    case "text":
      return createTextReader();
    default:
      return unreachable(format);
  }
}
