import type { AgentEvent } from "../event.ts";

/** Characters after which whole lines are passed on while more may come. */
const LINES_CHARACTERS = 4096;

/** Characters that are passed on without a line's end. */
const MOST_CHARACTERS = 64 * 1024;

/** Characters of its last words that are kept for the end. */
const LAST_CHARACTERS = 1024 * 1024;

/** Joins what comes in small pieces: what an agent said between two other things is one event. */
export type Joiner = {
  /** Takes a piece; answers what is complete. */
  add(kind: "text" | "thinking", piece: string): AgentEvent[];
  /** What was held back: something else comes. */
  flush(): AgentEvent[];
  /** What it said last, whole. */
  last(): string;
};

/** Makes a joiner. */
export function createJoiner(): Joiner {
  let kind: "text" | "thinking" = "text";
  let held = "";
  let last = "";
  let isOver = true;
  const flush = (): AgentEvent[] => {
    const text = held;
    held = "";
    isOver = true;
    return text.trim() === "" ? [] : [{ kind, text }];
  };
  return {
    add(next, piece) {
      const before = next === kind ? [] : flush();
      kind = next;
      held += piece;
      if (kind === "text") {
        last = (isOver ? piece : last + piece).slice(0, LAST_CHARACTERS);
        isOver = false;
      }
      const end = splitAt(held);
      if (end < 0) return before;
      const text = held.slice(0, end);
      held = held.slice(held[end] === "\n" ? end + 1 : end);
      return [...before, { kind, text }];
    },
    flush,
    last: () => last,
  };
}

/** Where the text that is passed on ends; negative while all of it waits. */
function splitAt(held: string): number {
  if (held.length < LINES_CHARACTERS) return -1;
  const line = held.lastIndexOf("\n");
  return line < 0 && held.length >= MOST_CHARACTERS ? held.length : line;
}
