import { type ErrorCode, EXIT, UserError } from "../errors.ts";

/** How many lines of output an error without a known cause shows. */
const TAIL_LINES = 6;

/** What package tools say when something outside them is wrong, and what to do about it. */
const CAUSES: readonly { pattern: RegExp; problem: string; hint: string; code: ErrorCode }[] = [
  {
    pattern: /Could not get lock|dpkg frontend lock|is another process using it/i,
    problem: "another package manager holds the lock",
    hint: "Wait until it is done (ps aux | grep -E 'apt|dpkg'), then run the same command again",
    code: "conflict",
  },
  {
    pattern: /No space left on device|not enough free (disk )?space/i,
    problem: "the disk is full",
    hint: "Free some space: apt-get clean, docker system df",
    code: "disk-full",
  },
  {
    pattern: /dpkg was interrupted/i,
    problem: "an earlier installation was interrupted",
    hint: "Finish it: dpkg --configure -a",
    code: "engine-missing",
  },
  {
    pattern:
      /Temporary failure resolving|Could not resolve|Could not connect to|Failed to fetch|Unable to connect|Network is unreachable/i,
    problem: "the package archive cannot be reached",
    hint: "Check the network, the proxy (http_proxy) and apt's sources, then run it again",
    code: "engine-missing",
  },
  {
    pattern: /Unable to locate package|has no installation candidate/i,
    problem: "the package archive does not have the package, or its lists could not be fetched",
    hint: "See what apt says: apt-get update",
    code: "engine-missing",
  },
];

/** How a step's program ended. */
export type StepEnd = {
  code: number;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** File that holds everything it printed. */
  log: string;
};

/** The error for a step whose program failed. */
export function createStepError(title: string, end: StepEnd): UserError {
  const text = end.stdout + end.stderr;
  const cause = CAUSES.find(({ pattern }) => pattern.test(text));
  const log = `The whole log: ${end.log}`;
  if (cause !== undefined) {
    return new UserError(`${title} failed: ${cause.problem}`, {
      hint: `${cause.hint}\n${log}`,
      exit: EXIT.engine,
      code: cause.code,
    });
  }
  const tail = (end.stderr.trim() || end.stdout.trim()).split("\n").slice(-TAIL_LINES).join("\n");
  return new UserError(
    `${title} failed: ${end.timedOut ? "it did not end in time" : `exit code ${end.code}`}`,
    { hint: `${tail}\n${log}`, exit: EXIT.engine, code: "engine-missing" },
  );
}
