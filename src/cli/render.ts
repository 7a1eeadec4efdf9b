import { cutToWidth } from "./width.ts";

/** What the terminal shows for one long step. */
export type StepView = {
  title: string;
  detail: string;
  /** Milliseconds since the step began. */
  elapsedMs: number;
  state: "running" | "done" | "failed";
};

/** How a view is drawn. */
export type RenderOptions = {
  color: boolean;
  /** Width of the terminal; lines are cut to it. */
  columns: number;
  /** Number of the drawing, turns the spinner. */
  frame: number;
};

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** Draws one line for a step on a terminal; no newline, never wider than the terminal. */
export function renderStep(view: StepView, options: RenderOptions): string {
  const mark = markOf(view, options.frame);
  const time = formatElapsed(view.elapsedMs);
  const room = options.columns - mark.text.length - time.length - 4;
  const title = cutToWidth(view.title, room);
  const detail = cutToWidth(firstLine(view.detail), Math.max(0, room - title.length - 1));
  const paint = (code: number, text: string) =>
    options.color && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  const parts = [paint(mark.code, mark.text), title, paint(2, detail), paint(2, time)];
  return parts.filter((part) => part !== "").join(" ");
}

/** Says where a step stands on a line of its own, for logs and pipes. */
export function formatStep(view: StepView): string {
  const detail = firstLine(view.detail);
  const time = formatElapsed(view.elapsedMs);
  switch (view.state) {
    case "running":
      return detail === "" ? `${view.title} …` : `${view.title}: ${detail}`;
    case "done":
      return `${view.title}: ${detail === "" ? "done" : detail} (${time})`;
    case "failed":
      return `${view.title}: failed (${time})`;
  }
}

/** Formats a duration the way people read it: `0.4s`, `12s`, `3m05s`. */
export function formatElapsed(elapsedMs: number): string {
  if (elapsedMs < 9950) return `${(elapsedMs / 1000).toFixed(1)}s`;
  const seconds = Math.round(elapsedMs / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

function markOf(view: StepView, frame: number): { text: string; code: number } {
  switch (view.state) {
    case "running":
      return { text: SPINNER[frame % SPINNER.length]!, code: 36 };
    case "done":
      return { text: "✓", code: 32 };
    case "failed":
      return { text: "✗", code: 31 };
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]!;
}
