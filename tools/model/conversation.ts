/** What the script needs to know of a request, whatever API it came by. */
export type Conversation = {
  model: string;
  /** All text the user side sent, in order; agents add their own context to it. */
  userText: string;
  /** Everything else that may name the working directory: system prompt, instructions. */
  systemText: string;
  /** Tools offered in this request, by name. */
  tools: OfferedTool[];
  /** How many tool results the history holds. */
  toolResults: number;
  /** Every text in those results, in order. */
  resultTexts: string[];
  /** Whether the client asked for server-sent events. */
  stream: boolean;
  /** Set when the client wants JSON text instead of prose. */
  wantsJson: boolean;
};

/** A tool of a request; `custom` tools take plain text instead of JSON arguments. */
export type OfferedTool = { name: string; custom: boolean };

/** What the model says next, and what it thought before. */
export type Reply =
  & { thinking?: string }
  & (
    | { kind: "text"; text: string }
    | { kind: "call"; id: string; tool: string; input: ToolInput }
  );

/** Arguments of a tool call: an object, or plain text for a custom tool. */
export type ToolInput =
  | { kind: "json"; value: Record<string, unknown> }
  | { kind: "text"; value: string };

/** One server-sent event. */
export type Frame = { event?: string; data: string };

/** What goes back over HTTP. */
export type Answer = { kind: "frames"; frames: Frame[] } | { kind: "json"; body: unknown };

/** Formats one frame as the wire wants it: optional event line, data line, blank line. */
export function formatFrame(frame: Frame): string {
  const event = frame.event === undefined ? "" : `event: ${frame.event}\n`;
  return `${event}data: ${frame.data}\n\n`;
}
