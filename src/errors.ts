/** Exit codes of sandcage itself; an agent's own code passes through unchanged. */
export const EXIT = {
  ok: 0,
  /** The work was tried and failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A config file is wrong, or it asks for something the user has not trusted. */
  config: 3,
  /** The engine is missing, unreachable or cannot do what is needed. */
  engine: 4,
  /** Somebody else holds it, or work would be lost; nothing was done. */
  conflict: 5,
  /** A policy denied it. */
  denied: 6,
  /** What was waited for did not come in time; an agent that took too long ends with it, too. */
  timeout: 124,
  /** A bug in sandcage. */
  bug: 70,
  /** Interrupted (128 + SIGINT). */
  interrupted: 130,
  /** Terminated (128 + SIGTERM). */
  terminated: 143,
} as const;

/** One of the documented exit codes. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** Stable machine-readable error codes, printed by `--json`; never derived from message text. */
export const ERROR_CODES = [
  "usage",
  "config-invalid",
  "config-unreadable",
  "not-trusted",
  "project-refused",
  "service-unknown",
  "engine-missing",
  "engine-unreachable",
  "engine-timeout",
  "engine-failed",
  "engine-not-local",
  "compose-missing",
  "image-build-failed",
  "disk-full",
  "port-in-use",
  "mask-refused",
  "conflict",
  "denied",
  "failed",
  "interrupted",
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = typeof ERROR_CODES[number];

/** How a {@link UserError} ends the program. */
export type UserErrorOptions = {
  /** What the user can do now: a command, a key, a value. One line or a few. */
  hint?: string;
  /** Defaults to {@link EXIT.failed}. */
  exit?: ExitCode;
  /** Defaults to `failed`. */
  code?: ErrorCode;
  /** The error this one explains. */
  cause?: unknown;
};

/**
 * The only error a user sees: the problem and its place in `message`, the fix in `hint`. Anything
 * else that reaches `main.ts` is our bug.
 */
export class UserError extends Error {
  /** What the user can do now. */
  readonly hint: string | undefined;
  /** Exit code of the program. */
  readonly exit: ExitCode;
  /** For programs. */
  readonly code: ErrorCode;

  /** Makes the error from the problem and its place; the rest is optional. */
  constructor(message: string, options: UserErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "UserError";
    this.hint = options.hint;
    this.exit = options.exit ?? EXIT.failed;
    this.code = options.code ?? "failed";
  }
}

/** Closes a switch over a union: the compiler proves that no case is left. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable case: ${JSON.stringify(value)}`);
}
