import { pause } from "../pause.ts";
import { UserError } from "../errors.ts";
import { type FileLock, tryLockFile } from "../files.ts";
import {
  forgetHeld,
  type HeldFiles,
  heldFiles,
  type HeldRecord,
  isLocked,
  writeHeldRecord,
} from "./held.ts";
import { startHeldClient } from "./client.ts";
import type { PreparedCage } from "../cage/prepare.ts";
import { readStopMark } from "../cage/stop_mark.ts";
import { runSession, type SessionContext } from "../cage/session.ts";

/** What is to be kept running while nobody looks. */
export type HoldRequest = {
  /** What it is, on record; a cage holds one of each. */
  name: string;
  /** Whole command line inside. */
  command: readonly string[];
  /** What `sandcage stop` had said last when this was asked for: another word since is meant for it. */
  stopMark: string;
  /** The line of its stdout that says it is ready. */
  ready: string;
  /** Gets what the container says for people, a line at a time. */
  onSaid(line: string): void;
  /** Gets every other line of its stdout. */
  onWord?(line: string): void;
};

/** Pause before a lock is tried again that somebody has looked at, in milliseconds. */
const LOCK_PAUSE_MS = 20;

/**
 * Owns a session for which there is no terminal, until its container ends or this process is asked
 * to end: the body of a process of its own. Does nothing where another holder has it.
 *
 * @returns The container's exit code; `undefined` where another process holds it.
 */
export async function holdSession(
  cage: PreparedCage,
  request: HoldRequest,
  options: { context: SessionContext },
): Promise<number | undefined> {
  const { context } = options;
  const key = { cageId: cage.id, name: request.name };
  const files = heldFiles(context.host.stateDir, key);
  const lock = await takeHeldLock(files);
  if (lock === undefined) return undefined;
  using _held = lock;
  const record: HeldRecord = {
    schema: 1,
    pid: Deno.pid,
    service: cage.service.name,
    startedAt: new Date().toISOString(),
  };
  await writeHeldRecord(files, record);
  const { stateDir } = context.host;
  const isStopped = async () => await readStopMark(stateDir, cage.id) !== request.stopMark;
  let written = Promise.resolve();
  try {
    if (await isStopped()) throw stopped();
    return await runSession(cage, {
      args: [],
      shell: false,
      command: request.command,
      held: request.name,
      attach: {
        detached: false,
        open(command, { container }) {
          const getReady = async () => {
            if (await isStopped()) return client.signal("SIGTERM");
            await writeHeldRecord(files, { ...record, container });
          };
          const client = startHeldClient(command, {
            onSaid: request.onSaid,
            onWord(line) {
              if (line !== request.ready) return request.onWord?.(line);
              written = getReady().catch((error) => {
                // Nobody would ever find it.
                request.onSaid(`Cannot write down that it is ready: ${error}`);
                client.signal("SIGTERM");
              });
            },
          });
          return client;
        },
      },
    }, { context });
  } finally {
    // A container that could not be removed stays on record with its session, for the next command.
    await written;
    await forgetHeld(files);
  }
}

/** Takes the lock of what is held; `undefined` where another process has it. */
export async function takeHeldLock(files: HeldFiles): Promise<FileLock | undefined> {
  for (;;) {
    const lock = await tryLockFile(files.lock);
    if (lock !== undefined) return lock;
    if (await isLocked(files.lock)) return undefined;
    // Only looked at: it is free in a moment.
    await pause(LOCK_PAUSE_MS);
  }
}

function stopped(): UserError {
  return new UserError("It was stopped before it had started", { code: "interrupted" });
}
