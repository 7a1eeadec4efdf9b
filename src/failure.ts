import { EXIT, type ExitCode, UserError } from "./errors.ts";

/** What the program prints when it fails, and how it ends. */
export type Failure = { text: string; exit: ExitCode };

/** How a failure is shown. */
export type FailureOptions = {
  /** `{code, message, hint}` on one line instead of text. Defaults to false. */
  json?: boolean;
  /** With stack traces and causes. Defaults to false. */
  debug?: boolean;
  /** With colour. Defaults to false. */
  color?: boolean;
};

/** Says what failed: for users the problem and its fix, for us the stack. Pure. */
export function describeFailure(error: unknown, options: FailureOptions = {}): Failure {
  const known = error instanceof UserError;
  const message = known ? error.message : `Internal error: ${firstLine(error)}`;
  const hint = known
    ? error.hint
    : "This is a bug in sandcage; set SANDCAGE_DEBUG=1 for a stack trace";
  const exit = known ? error.exit : EXIT.bug;
  if (options.json === true) {
    const code = known ? error.code : "bug";
    return { text: `${JSON.stringify({ code, message, hint: hint ?? null })}\n`, exit };
  }
  const label = options.color === true ? "\x1b[1;31msandcage:\x1b[0m" : "sandcage:";
  const lines = [`${label} ${visible(message)}`];
  if (hint !== undefined) lines.push(...visible(hint).split("\n").map((line) => `  ${line}`));
  if (options.debug === true) lines.push(...formatStack(error));
  return { text: `${lines.join("\n")}\n`, exit };
}

/** Tells whether an error means that nobody reads our output any more. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split("\n", 1)[0]!;
}

/** What a terminal acts on, what turns the direction of text, and what has no width. */
const ACTING =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

// Text from files or an engine may drive the terminal, or show something else than it says.
function visible(text: string): string {
  return text.replace(ACTING, (char) => {
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

function formatStack(error: unknown): string[] {
  const lines: string[] = [];
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    lines.push(at instanceof Error ? at.stack ?? String(at) : String(at));
  }
  return lines.join("\ncaused by: ").split("\n").map((line) => `  ${line}`);
}
