import { EXIT, UserError } from "../errors.ts";

/** What is held, on record: one run in each cage. */
export const RUN = "run";

/** What a second launch is told. */
export function conflict(title: string): UserError {
  return new UserError(`An agent is at work in ${title} already`, {
    hint: `Look at it: sandcage logs ${title} -f\nEnd it: sandcage stop ${title}`,
    exit: EXIT.conflict,
    code: "conflict",
  });
}
