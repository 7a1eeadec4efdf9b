import { lockFile } from "../files.ts";
import type { AuditLine } from "../policy/audit.ts";
import { AUDIT_FILES, auditPath } from "./audit_log.ts";

/** Reads a cage's audit from its oldest line on, and goes on where it ended. */
export type AuditTail = AsyncDisposable & {
  /** Every whole line that came since the last call, oldest first. */
  read(onLine: (text: string) => void): Promise<void>;
  /** What stands behind the last line end: half a line of a writer that died. */
  rest(): string;
};

type OpenFile = { file: Deno.FsFile; inode: number | null; rest: string; decoder: TextDecoder };

/** Bytes read at once. */
const CHUNK = 64 * 1024;

/** Opens the audit of a cage, older files included; there may be none yet. */
export function openAudit(dir: string): AuditTail {
  const path = auditPath(dir);
  /** Files that may still grow, oldest first: a writer may hold the one before. */
  let open: OpenFile[] = [];
  const buffer = new Uint8Array(CHUNK);
  return {
    async read(onLine) {
      open.push(...await openNewer(path, open.at(-1)));
      for (const one of open) await readLines(one, { buffer, onLine });
      for (const old of open.slice(0, -2)) old.file.close();
      open = open.slice(-2);
    },
    rest: () => open.map(({ rest }) => rest).join(""),
    [Symbol.asyncDispose]() {
      for (const { file } of open) file.close();
      open = [];
      return Promise.resolve();
    },
  };
}

/** Opens every file that is newer than the last one, oldest first. */
async function openNewer(path: string, last: OpenFile | undefined): Promise<OpenFile[]> {
  if (last !== undefined && await isCurrent(path, last)) return [];
  if (await inodeOf(path) === undefined && await inodeOf(`${path}.1`) === undefined) return [];
  // Nothing is rotated away between two of these opens.
  using _lock = await lockFile(`${path}.lock`);
  const newer: OpenFile[] = [];
  for (
    const name of [
      path,
      ...Array.from({ length: AUDIT_FILES - 1 }, (_, i) => `${path}.${i + 1}`),
    ]
  ) {
    const opened = await openIfPresent(name);
    if (opened === undefined) continue;
    if (last !== undefined && opened.inode === last.inode) {
      opened.file.close();
      break;
    }
    newer.unshift(opened);
  }
  return newer;
}

async function isCurrent(path: string, last: OpenFile): Promise<boolean> {
  const inode = await inodeOf(path);
  // Windows has no inodes here: a file that is still there is taken for the same.
  return inode === null || (inode !== undefined && inode === last.inode);
}

/** `undefined` when there is no file, `null` when the system has no inodes. */
async function inodeOf(path: string): Promise<number | null | undefined> {
  try {
    return (await Deno.stat(path)).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function openIfPresent(path: string): Promise<OpenFile | undefined> {
  try {
    const file = await Deno.open(path);
    return { file, inode: (await file.stat()).ino, rest: "", decoder: new TextDecoder() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function readLines(
  one: OpenFile,
  options: { buffer: Uint8Array; onLine: (text: string) => void },
): Promise<void> {
  for (;;) {
    const count = await one.file.read(options.buffer);
    if (count === null) return;
    const text = one.rest + one.decoder.decode(options.buffer.subarray(0, count), { stream: true });
    const lines = text.split("\n");
    one.rest = lines.pop()!;
    for (const line of lines) options.onLine(line);
  }
}

const KINDS = ["dns", "connect", "request", "websocket", "inbound", "close", "policy"];
const DECISIONS = ["allow", "deny", "flag"];

/** Reads one line of audit; `undefined` when it is none. */
export function parseAuditLine(text: string): AuditLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const line = value as Partial<AuditLine>;
  const isLine = typeof line.time === "string" && !Number.isNaN(Date.parse(line.time)) &&
    KINDS.includes(line.kind ?? "") && DECISIONS.includes(line.decision ?? "") &&
    typeof line.reason === "string" && typeof line.service === "string" &&
    (line.port === undefined || typeof line.port === "number") &&
    [line.host, line.method, line.path, line.rule, line.detail].every(isTextOrAbsent);
  return isLine ? line as AuditLine : undefined;
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
