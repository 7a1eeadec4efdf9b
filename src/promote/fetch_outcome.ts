import { unreachable } from "../errors.ts";
import { visibleText } from "../transfer/visible.ts";
import type { ObjectId } from "./types.ts";

/** What a look into the repository inside found. */
export type FetchOutcome =
  /** Nothing that is not promoted yet. */
  | { kind: "nothing"; tip: ObjectId }
  /** Commits on top of what is promoted; `in` is their tip. */
  | { kind: "new"; tip: ObjectId; range?: CommitRange }
  /** The tip is no descendant of what is promoted; `in` is the tip, `done` stays. */
  | { kind: "rewritten"; tip: ObjectId }
  | FetchFailure;

/** The commits that a tip has and `from`, an ancestor of it, has not: parents before children. */
export type CommitRange = { from: ObjectId; tip: ObjectId; ids: readonly ObjectId[] };

/** Nothing was taken, no ref moved, nothing is left of it. */
export type FetchFailure = {
  kind:
    | "branch-gone"
    /** There is a program that answers, and no repository. */
    | "no-repository"
    /** The cage does not run the program that answers. */
    | "unreachable"
    /** git's checker found an object that no repository should have. */
    | "refused"
    | "too-big"
    | "timeout"
    /** git failed for another reason; the text has its words. */
    | "failed";
  /** One sentence, and the next step. */
  text: string;
  hint: string;
};

/** What the words of a failure are made of. */
export type FailureFacts = {
  branch: string;
  /** Other branches inside. */
  branches?: readonly string[];
  limits: { bytes: number; timeoutMs: number };
  /** What git or the engine said; some of it comes from the cage. */
  said?: string;
};

/** So many branches are named. */
const NAMED = 5;

const MB = 1_000_000;

/** A failure in words. Pure. */
export function formatFailure(kind: FetchFailure["kind"], facts: FailureFacts): FetchFailure {
  const { limits, said = "" } = facts;
  const branch = visibleText(facts.branch);
  const words = (text: string, hint: string): FetchFailure => ({ kind, text, hint });
  switch (kind) {
    case "branch-gone":
      return words(
        `The branch ${branch} is gone inside${formatOthers(facts.branches ?? [])}`,
        `Make it again inside (git branch ${branch} COMMIT), or clear the cage`,
      );
    case "no-repository":
      return words(
        `There is no repository inside any more: ${lastWords(said)}`,
        "The agent removed or broke its .git; start the cage anew to get a fresh one",
      );
    case "unreachable":
      return words(
        `The repository inside cannot be asked: ${lastWords(said)}`,
        "Start the cage",
      );
    case "refused": {
      const finding = parseFinding(said);
      const what = finding === undefined
        ? lastWords(said)
        : `object ${finding.object} breaks git's rule ${finding.rule}: ${finding.text}`;
      return words(
        `The commits inside are refused: ${what}`,
        "Have the agent make commits without it",
      );
    }
    case "too-big":
      return words(
        `The commits inside are larger than ${Math.round(limits.bytes / MB)} MB`,
        "Have the agent leave large files out, or allow more",
      );
    case "timeout":
      return words(
        `The commits inside did not arrive within ${Math.round(limits.timeoutMs / 1000)} seconds`,
        "It is tried again; look whether the engine is busy",
      );
    case "failed":
      return words(`The commits inside cannot be taken: ${lastWords(said)}`, "It is tried again");
    default:
      return unreachable(kind);
  }
}

/**
 * What git's checker found. It says the rule by name, but the cage may say such a line too: good for
 * words only.
 *
 * @see {@link https://git-scm.com/docs/git-fsck#_fsck_messages}
 */
export function parseFinding(
  said: string,
): { object: ObjectId; rule: string; text: string } | undefined {
  const match = /^(?:error|fatal): object ([0-9a-f]{40}): (\w+): (.*)$/m.exec(said);
  if (match === null) return undefined;
  return { object: match[1]!, rule: match[2]!, text: visibleText(match[3]!.trim()) };
}

function formatOthers(branches: readonly string[]): string {
  if (branches.length === 0) return "";
  const named = branches.slice(0, NAMED).map(visibleText).join(", ");
  const more = branches.length > NAMED ? ` and ${branches.length - NAMED} more` : "";
  return `; there are ${named}${more}`;
}

function lastWords(said: string): string {
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  const told = lines.filter((line) => /^(fatal|error|Error)/.test(line));
  const line = (told.length > 0 ? told : lines).at(-1) ?? "nothing was said";
  return visibleText(line.replace(/^(fatal|error): /, "").trim()).slice(0, 300);
}
