import type { Io } from "../io.ts";
import type { RunLog } from "./log_store.ts";

/** What is said about a run: to whoever launched it until it runs, and on record. */
export type RunNotes = {
  /** Something sandcage says, in lines. */
  say(text: string): void;
  /** A line of the agent's stderr. */
  note(line: string): void;
  /** Does what may fail for want of room; whoever keeps the agent's stream says so. */
  keep(act: () => void): void;
};

/** Lines of stderr that become notes; its file has all of it. */
const MOST_NOTES = 1_000;

/** Makes the notes of a run. */
export function createRunNotes(
  log: Pick<RunLog, "append">,
  options: { tell(line: string): void },
): RunNotes {
  let left = MOST_NOTES;
  const keep = (act: () => void) => {
    try {
      act();
    } catch {
      // A full disk is what the run ends of, and then the reason of its end.
    }
  };
  const add = (text: string) => keep(() => log.append([{ kind: "note", text }]));
  return {
    say(text) {
      for (const line of text.trimEnd().split("\n")) {
        options.tell(line);
        add(line);
      }
    },
    note(line) {
      if (line.trim() === "" || left < 0) return;
      add(left-- > 0 ? line : "More of its stderr is only in stderr.log");
    },
    keep,
  };
}

/** The terminal of a process that has none. */
export function quietIo(io: Io, notes: Pick<RunNotes, "say">): Io {
  return {
    ...io,
    out: notes.say,
    talk: notes.say,
    warn: (text) => notes.say(`warning: ${text}`),
    progress: () => ({ update() {}, done() {}, [Symbol.dispose]() {} }),
    confirm: (_question, { assumed }) => Promise.resolve(assumed),
    interactive: false,
    color: false,
  };
}
