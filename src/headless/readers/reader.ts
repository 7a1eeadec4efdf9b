import type { AgentEvent } from "../event.ts";

/** Forms in which agents without a terminal say what they do. */
export const STREAM_FORMATS = ["claude", "codex", "gemini", "acp", "text"] as const;

/** One of {@link STREAM_FORMATS}. */
export type StreamFormat = typeof STREAM_FORMATS[number];

/**
 * Reads the lines of one agent's stream, in their order. It never throws: a line that is none of
 * the format is a `text` event marked as unread.
 */
export type StreamReader = {
  /** What a line, without its end, says: often one event, sometimes none or more. */
  read(line: string): AgentEvent[];
  /** What is left to say when the stream ends. */
  end(): AgentEvent[];
};
