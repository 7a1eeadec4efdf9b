import { resolve } from "node:path";
import { EXIT, UserError } from "../errors.ts";

/** Longest prompt, in bytes; agents take less or about as much. */
export const MAX_PROMPT_BYTES = 16 * 1024 * 1024;

/** Where a prompt comes from. */
export type PromptSource =
  | { kind: "text"; text: string }
  /** A file on this machine; `-` is stdin. */
  | { kind: "file"; path: string };

/**
 * Reads a prompt whole.
 *
 * @throws {UserError} Of code `usage`, for one that is empty, too long, no text or not there.
 */
export async function readPrompt(
  source: PromptSource,
  options: { cwd: string; stdin: ReadableStream<Uint8Array> },
): Promise<string> {
  const text = source.kind === "text"
    ? source.text
    : decode(await readBytes(source.path, options), source.path);
  if (text.trim() === "") throw usage("The prompt is empty");
  if (new TextEncoder().encode(text).length > MAX_PROMPT_BYTES) throw tooLong();
  return text;
}

async function readBytes(
  path: string,
  { cwd, stdin }: { cwd: string; stdin: ReadableStream<Uint8Array> },
): Promise<Uint8Array<ArrayBuffer>> {
  if (path === "-") return await collect(stdin);
  const file = await Deno.open(resolve(cwd, path)).catch((error) => {
    throw usage(`Cannot read the prompt from ${path}: ${reasonOf(error)}`);
  });
  return await collect(file.readable).catch((error) => {
    if (error instanceof UserError) throw error;
    throw usage(`Cannot read the prompt from ${path}: ${reasonOf(error)}`);
  });
}

/** A device or a pipe may have no end. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > MAX_PROMPT_BYTES) throw tooLong();
    pieces.push(Uint8Array.from(piece));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function decode(bytes: Uint8Array<ArrayBuffer>, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw usage(`The prompt in ${path === "-" ? "stdin" : path} is no UTF-8 text`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  return error instanceof Error ? error.message : String(error);
}

function tooLong(): UserError {
  return usage(`The prompt is longer than ${MAX_PROMPT_BYTES / 1024 / 1024} MiB`, {
    hint: "Put what is long into a file of the project, and tell the agent to read it",
  });
}

function usage(message: string, options: { hint?: string } = {}): UserError {
  return new UserError(message, {
    hint: options.hint ?? "Give it with -p TEXT, or --prompt-file FILE; - is stdin",
    exit: EXIT.usage,
    code: "usage",
  });
}
