import { join } from "node:path";
import { ensurePrivateDir, lockFile } from "../files.ts";
import type { AuditLine } from "../policy/audit.ts";

/** Files of one cage's audit: the current one and four older. */
export const AUDIT_FILES = 5;

/** Size at which the current file becomes the first old one, in bytes. */
const ROTATE_BYTES = 16 * 1024 * 1024;

/** Where a cage's audit is, JSON lines; older files end in `.1` … `.4`, `.4` the oldest. */
export function auditPath(dir: string): string {
  return join(dir, "audit.jsonl");
}

/** Takes lines of audit. */
export type AuditLog = {
  /**
   * Appends lines, each whole: sessions of one cage share the file.
   *
   * @throws If the disk is full or the file cannot be written; nothing may be taken as written then.
   */
  write(lines: readonly AuditLine[]): Promise<void>;
};

/** Opens the audit of a cage. */
export function openAuditLog(
  dir: string,
  options: { rotateBytes?: number } = {},
): AuditLog {
  const { rotateBytes = ROTATE_BYTES } = options;
  const path = auditPath(dir);
  return {
    async write(lines) {
      if (lines.length === 0) return;
      await ensurePrivateDir(dir);
      const text = lines.map((line) => JSON.stringify(line) + "\n").join("");
      // Opened anew each time: another session may have rotated the file meanwhile.
      const size = await append(path, new TextEncoder().encode(text));
      if (size >= rotateBytes) await rotate(path, rotateBytes);
    },
  };
}

async function append(path: string, bytes: Uint8Array): Promise<number> {
  using file = await Deno.open(path, { append: true, create: true, mode: 0o600 });
  const before = (await file.stat()).size;
  let written = 0;
  try {
    while (written < bytes.length) written += await file.write(bytes.subarray(written));
  } catch (error) {
    // Half a line at the end of a full disk would swallow the next one.
    if (written > 0) await file.truncate(before).catch(() => {});
    throw error;
  }
  return before + bytes.length;
}

async function rotate(path: string, rotateBytes: number): Promise<void> {
  using _lock = await lockFile(`${path}.lock`);
  // The session that came first has rotated it.
  if (await sizeOf(path) < rotateBytes) return;
  for (let age = AUDIT_FILES - 2; age >= 1; age--) {
    await renameIfPresent(`${path}.${age}`, `${path}.${age + 1}`);
  }
  await renameIfPresent(path, `${path}.1`);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function renameIfPresent(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
