import { visibleText } from "../transfer/visible.ts";
import type { AgentEvent, LoggedEvent, RunUsage } from "./event.ts";

/** Characters of a tool's argument or of its answer that are shown. */
const SHORT_CHARACTERS = 200;

/** What stands before the lines of one event behind its first. */
const INDENT = "    ";

/** How events are shown. */
export type RenderOptions = {
  color: boolean;
  /** When the run began, ISO 8601: its duration, where the agent tells none. */
  startedAt?: string;
};

type Shown = {
  tag: "INIT" | "THINKING" | "TOOL" | "RESULT" | "TEXT" | "MESSAGE" | "NOTE" | "DONE";
  /** Of the tag, as an SGR parameter. */
  color: string;
  text: string;
  /** A line behind the text. */
  after?: string;
};

/**
 * An event for people, without a newline at its end: its tag first, what has several lines indented
 * below, nothing in it that acts on a terminal. Pure.
 */
export function renderEvent(event: LoggedEvent, options: RenderOptions): string {
  const { tag, color, text, after } = show(event, options);
  const lines = text.replace(/\s+$/, "").split("\n")
    .map((line) => visibleText(line.replace(/\r$/, "")));
  if (after !== undefined) lines.push(after);
  const head = options.color ? `\x1b[${color}m${tag}\x1b[0m` : tag;
  return `${head} ${lines.join(`\n${INDENT}`)}`.trimEnd();
}

function show(event: LoggedEvent, options: RenderOptions): Shown {
  switch (event.kind) {
    case "init":
      return { tag: "INIT", color: "36", text: formatInit(event) };
    case "thinking":
      return { tag: "THINKING", color: "2", text: event.text };
    case "tool":
      return { tag: "TOOL", color: "33", text: `${event.name}: ${shorten(event.argument)}` };
    case "result": {
      const text = shorten(event.text);
      return event.isError
        ? { tag: "RESULT", color: "31", text: `error: ${text}` }
        : { tag: "RESULT", color: "2", text };
    }
    case "text":
      return { tag: "TEXT", color: "1", text: `${event.isUnread ? "(unread) " : ""}${event.text}` };
    case "message": {
      const way = event.direction === "from-cage" ? "from the cage" : "to the cage";
      return { tag: "MESSAGE", color: "35", text: `${way}: ${event.type} ${event.text}` };
    }
    case "note":
      return { tag: "NOTE", color: "33", text: event.text };
    case "done": {
      const usage = { ...durationOf(event, options), ...event.usage };
      const after = formatUsage(usage);
      return {
        tag: "DONE",
        color: event.isError ? "31" : "32",
        text: event.isError ? `error: ${event.text}` : event.text,
        ...after === "" ? {} : { after },
      };
    }
    default: {
      const nothing: never = event;
      return nothing;
    }
  }
}

function formatInit({ session, model }: Extract<AgentEvent, { kind: "init" }>): string {
  return [
    session === undefined ? "" : `session=${session.slice(0, 8)}${session.length > 8 ? "…" : ""}`,
    model === undefined ? "" : `model=${model}`,
  ].filter((part) => part !== "").join(" ");
}

function durationOf(
  event: Pick<LoggedEvent, "at">,
  { startedAt }: RenderOptions,
): Pick<RunUsage, "durationMs"> {
  const ms = startedAt === undefined ? NaN : Date.parse(event.at) - Date.parse(startedAt);
  return ms >= 0 ? { durationMs: ms } : {};
}

/** What a run used up: `cost=$0.0006 duration=0.9s tokens=40+20`; empty where nothing is known. Pure. */
export function formatUsage(usage: RunUsage): string {
  const { costUsd, durationMs, inputTokens, outputTokens } = usage;
  return [
    costUsd === undefined ? "" : `cost=${formatCost(costUsd)}`,
    durationMs === undefined ? "" : `duration=${(durationMs / 1000).toFixed(1)}s`,
    inputTokens === undefined && outputTokens === undefined
      ? ""
      : `tokens=${inputTokens ?? 0}+${outputTokens ?? 0}`,
  ].filter((part) => part !== "").join(" ");
}

/** An amount of dollars, with as many digits as small amounts need: `$12.30`, `$0.0006`. */
export function formatCost(usd: number): string {
  return `$${usd.toFixed(usd >= 1 || usd === 0 ? 2 : 4)}`;
}

/** The start of a text, its lines in one. */
function shorten(text: string): string {
  // Of megabytes, no more is looked at than can be shown.
  const line = text.trim().slice(0, 2 * SHORT_CHARACTERS).replace(/\s*\n\s*/g, " ⏎ ");
  return line.length <= SHORT_CHARACTERS
    ? line
    : `${line.slice(0, SHORT_CHARACTERS).replace(/[\ud800-\udbff]$/, "")}…`;
}
