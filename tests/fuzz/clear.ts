import { describeFailure } from "../../src/failure.ts";
import { UserError } from "../../src/errors.ts";
import { expect, type Verdict } from "./target.ts";

/** Longest message that anybody reads, in characters. */
const LONGEST = 4000;

/** What a program says when it did not think of a case. */
const UNTHOUGHT = /\[object |\bundefined\b(?! key)|\bNaN\b|Unreachable case|is not a function/;

/** What turns the direction of text or has no width: a message could look like another one. */
const DISGUISE = /[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * A refusal as users see it: a `UserError` that starts with its place and acts on no terminal.
 * Anything else that was thrown is thrown on.
 *
 * @param options.place What the message begins with; left out where there is none.
 */
export function refusedClearly(error: unknown, options: { place?: string }): Verdict {
  if (!(error instanceof UserError)) throw error;
  const { message, hint } = error;
  const { text } = describeFailure(error);
  expect(message !== "" && message.length <= LONGEST, "a message is there, and can be read");
  if (options.place !== undefined) {
    for (const line of message.split("\n")) {
      const isPlaced = line.startsWith(`${options.place}:`) || /^and \d+ more$/.test(line);
      expect(isPlaced, `a message names its place: ${line}`);
    }
  }
  expect(hint !== undefined && hint !== "", `a message says what to do: ${message}`);
  expect(!UNTHOUGHT.test(message), `a message is thought of: ${message}`);
  expect(!DISGUISE.test(text), `a message looks like what it is: ${JSON.stringify(message)}`);
  const place = options.place === undefined ? "" : `${options.place}:`;
  return { refused: message.replace(place, "").replace(/^\d+:\d+: /, "") };
}
