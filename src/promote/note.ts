import { findText, writeFileAtomic } from "../files.ts";
import type { LookOutcome } from "./look.ts";
import type { Side } from "./sides.ts";
import type { PromoteState } from "./status_words.ts";

/** What the last look of a cage led to, as written down for whoever asks. */
export type PromoteNote = {
  schema: 1;
  /** ISO 8601. */
  at: string;
  state: PromoteState;
  /** Commits that wait. */
  pending: number;
  /** Absent while nothing has landed yet. */
  landed?: { at: string; commits: number; to: string };
  /** Other branches that the configuration names. */
  sides?: readonly Side[];
};

/** The note after one more look. Pure. */
export function planNote(
  before: PromoteNote | undefined,
  outcome: LookOutcome,
  options: { at: string; sides?: readonly Side[] },
): PromoteNote {
  const { at, sides = [] } = options;
  const landed = outcome.kind === "landed"
    ? { at, commits: outcome.commits, to: outcome.to }
    : before?.landed;
  return {
    schema: 1,
    at,
    state: outcome.kind === "waiting" ? outcome.wait.kind : outcome.kind,
    pending: outcome.kind === "waiting" ? outcome.pending : 0,
    ...(landed === undefined ? {} : { landed }),
    ...(sides.length === 0 ? {} : { sides }),
  };
}

/** Reads a note; `undefined` for none, or one that is not whole. */
export async function findNote(path: string): Promise<PromoteNote | undefined> {
  try {
    const value: unknown = JSON.parse(await findText(path) ?? "null");
    return isNote(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes a note. */
export async function writeNote(path: string, note: PromoteNote): Promise<void> {
  await writeFileAtomic(path, JSON.stringify(note) + "\n");
}

function isNote(value: unknown): value is PromoteNote {
  return typeof value === "object" && value !== null && "schema" in value && value.schema === 1 &&
    "at" in value && typeof value.at === "string" &&
    "pending" in value && typeof value.pending === "number";
}
