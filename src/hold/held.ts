import { join } from "node:path";
import { findText, removeIfPresent, writeFileAtomic } from "../files.ts";
import { cageDir } from "../cage/store.ts";

/** What is held: one of a kind in one cage. */
export type HeldKey = {
  cageId: string;
  /** `desk` for what people attach to. */
  name: string;
};

/** What a holder has written down for those who look for it. */
export type HeldRecord = {
  schema: 1;
  /** Process id of the holder; it is alive while its lock is held. */
  pid: number;
  /** The service of its session. */
  service: string;
  /** The container that runs, when it is ready; it may still be starting without. */
  container?: string;
  /** ISO 8601. */
  startedAt: string;
};

/** How things stand with what may be held. */
export type HeldState =
  | { kind: "absent" }
  /** A holder lives; its session is not ready yet. */
  | { kind: "starting"; record: HeldRecord | undefined }
  | { kind: "ready"; record: HeldRecord; container: string }
  /** Its holder was killed: the container may still be there, its way out is not. */
  | { kind: "cut-off"; record: HeldRecord };

/** Files of one held session on the host. */
export type HeldFiles = { lock: string; record: string; log: string };

/** Where they are. */
export function heldFiles(stateDir: string, { cageId, name }: HeldKey): HeldFiles {
  const dir = join(cageDir(stateDir, cageId), "held");
  return {
    lock: join(dir, `${name}.lock`),
    record: join(dir, `${name}.json`),
    log: join(dir, `${name}.log`),
  };
}

/** Looks at what is held, without the engine. */
export async function observeHeld(stateDir: string, key: HeldKey): Promise<HeldState> {
  const files = heldFiles(stateDir, key);
  const record = parseHeldRecord(await findText(files.record));
  if (!await isLocked(files.lock)) {
    return record === undefined ? { kind: "absent" } : { kind: "cut-off", record };
  }
  // The holder may have written it since.
  const now = parseHeldRecord(await findText(files.record));
  return now?.container === undefined
    ? { kind: "starting", record: now }
    : { kind: "ready", record: now, container: now.container };
}

/** Writes down how far a holder is; it holds the lock. */
export async function writeHeldRecord(files: HeldFiles, record: HeldRecord): Promise<void> {
  await writeFileAtomic(files.record, JSON.stringify(record) + "\n");
}

/** Forgets a held session whose container is gone. */
export async function forgetHeld(files: HeldFiles): Promise<void> {
  await removeIfPresent(files.record);
}

/** Reads a record; `undefined` for none, or one that was cut short. Pure. */
export function parseHeldRecord(text: string | undefined): HeldRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isHeldRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isHeldRecord(value: unknown): value is HeldRecord {
  return typeof value === "object" && value !== null && "schema" in value && value.schema === 1 &&
    "pid" in value && Number.isSafeInteger(value.pid) && "startedAt" in value &&
    typeof value.startedAt === "string" &&
    "service" in value && typeof value.service === "string" &&
    (!("container" in value) || typeof value.container === "string");
}

/** Whether a holder has the lock. Looking takes it for nobody: those who look share it. */
export async function isLocked(path: string): Promise<boolean> {
  const file = await Deno.open(path, { read: true }).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (file === undefined) return false;
  // Not by `using`: the bundler puts the value of one that is read once in its place, and nobody
  // closes the file, whose lock would then be in the way of our own.
  try {
    return !await file.tryLock(false);
  } finally {
    file.close();
  }
}
