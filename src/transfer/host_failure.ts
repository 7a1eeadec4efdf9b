import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { StageError } from "../tree/journal.ts";
import { TarRefused } from "../tree/tar_refused.ts";

/** Whether an error means that nothing more fits on a disk. */
export function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(codeOf(error));
}

/** What went wrong while a directory of the host was changed, for people: nothing was done there. */
export function explainHostFailure(
  error: unknown,
  options: { target: string; cage: { name: string } },
): unknown {
  const { target, cage } = options;
  const place = formatPath(target);
  if (error instanceof TarRefused) {
    return new UserError(
      `The cage "${cage.name}" sent what must not come out: ${error.message}`,
      { hint: "Nothing was changed. Rename or remove it inside, and run this again", cause: error },
    );
  }
  if (error instanceof StageError) {
    return new UserError(error.message, {
      hint: "Run this again: it first brings to an end what was begun",
      exit: EXIT.conflict,
      code: "conflict",
      cause: error,
    });
  }
  if (isDiskFull(error)) {
    return new UserError(`The disk is full: ${place} cannot take what comes`, {
      hint: "Nothing was changed there. Free space and run this again",
      code: "disk-full",
      cause: error,
    });
  }
  switch (codeOf(error)) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new UserError(`Cannot write to ${place}: ${messageOf(error)}`, {
        hint: "Nothing was changed there. Make it writable for your user and run this again",
        cause: error,
      });
    case "ENOENT":
    case "ENOTDIR":
    case "ESTALE":
      return new UserError(`${place} changed while files came: ${messageOf(error)}`, {
        hint: "Nothing was changed there. Run this again",
        exit: EXIT.conflict,
        code: "conflict",
        cause: error,
      });
    default:
      return error;
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
