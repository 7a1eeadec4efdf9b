import { fileProblem } from "./problem.ts";

/** Largest config file that is read: 1 MiB. Hand-written ones are a few KiB. */
export const FILE_BYTES_MAX = 1024 * 1024;

/**
 * Reads a config file that may be missing. Only "no such file" counts as missing: whatever else
 * keeps it from being read is an error, because running without a config the user wrote would drop
 * its restrictions.
 *
 * @param options.inside Real path the file must not leave through a symbolic link.
 * @throws {UserError} If it is no regular file, too large, not UTF-8, or cannot be read.
 */
export async function readConfigText(
  path: string,
  options: { inside?: string } = {},
): Promise<string | undefined> {
  try {
    const link = await lstatIfThere(path);
    if (link === undefined) return undefined;
    if (link.isSymlink) await checkLink(path, options.inside);
    const info = await Deno.stat(path);
    if (info.isDirectory) throw fileProblem(path, "is a directory, expected a file");
    // Opening a FIFO would wait forever.
    if (!info.isFile) throw fileProblem(path, "is not a regular file");
    if (info.size > FILE_BYTES_MAX) throw tooLarge(path);
    return decode(await readBytes(path), path);
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name === "UserError") throw cause;
    throw fileProblem(path, `cannot be read: ${cause.message}`, {
      unreadable: true,
      cause,
      hint: "Make the file readable for you, or remove it",
    });
  }
}

async function lstatIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

async function checkLink(path: string, inside: string | undefined): Promise<void> {
  if (inside === undefined) return;
  const root = await Deno.realPath(inside);
  const target = await Deno.realPath(path);
  const separator = root.includes("\\") ? "\\" : "/";
  if (target.startsWith(root.endsWith(separator) ? root : root + separator)) return;
  throw fileProblem(path, `is a link that leaves the project, to ${target}`, {
    hint: "Put a real file there, or a link to a file of the project",
  });
}

/** At most one byte more than allowed, whatever size the file has by now. */
async function readBytes(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  let buffer = new Uint8Array(64 * 1024);
  let length = 0;
  while (true) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) return buffer.subarray(0, length);
    length += count;
    if (length > FILE_BYTES_MAX) throw tooLarge(path);
    if (length === buffer.length) {
      const larger = new Uint8Array(buffer.length * 2);
      larger.set(buffer);
      buffer = larger;
    }
  }
}

/**
 * Text of a config file, without a byte order mark.
 *
 * @throws {UserError} At the first NUL, or if it is not UTF-8.
 */
export function decode(bytes: Uint8Array, path: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const at = { line: findBadLine(bytes), column: 1 };
    throw fileProblem(path, "is not UTF-8 text", { at, cause, hint: "Save the file as UTF-8" });
  }
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    const before = text.slice(0, nul).split("\n");
    const at = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    throw fileProblem(path, "holds a NUL byte; this is no text file", { at });
  }
  return text;
}

/** The first line, from 1, whose bytes are not UTF-8; no character of UTF-8 holds a line feed. */
function findBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let line = 1, start = 0;; line++) {
    const end = bytes.indexOf(0x0a, start);
    try {
      decoder.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    start = end + 1;
  }
}

function tooLarge(path: string) {
  return fileProblem(path, `is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`);
}
