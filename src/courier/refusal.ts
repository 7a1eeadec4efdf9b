/** A request that breaks a rule; its message is for people. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** The reason of an error in the words of the system, `ENOSPC`; `undefined` for one of ours. */
export function findErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
