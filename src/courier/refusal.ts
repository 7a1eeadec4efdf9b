/** A request that breaks a rule or asks for what is not there; its words are for people. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** What can be done about it. */
  readonly hint: string | undefined;

  /** Makes the error from the problem; a hint where the host has no better one. */
  constructor(message: string, options: { hint?: string } = {}) {
    super(message);
    this.hint = options.hint;
  }
}

/** The reason of an error in the words of the system, `ENOSPC`; `undefined` for one of ours. */
export function findErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
