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
import type { Client, ClientCommand } from "../cage/attach.ts";
import type { PreparedCage } from "../cage/prepare.ts";
import { readStopMark } from "../cage/stop_mark.ts";
import { runSession, type SessionContext, type SessionRequest } from "../cage/session.ts";

/** What is to be kept running while nobody looks. */
export type HoldRequest = {
  /** What it is, on record; a cage holds one of each. */
  name: string;
  /** Whole command line inside. */
  command: readonly string[];
  /** What `sandcage stop` had said last when this was asked for: another word since is meant for it. */
  stopMark: string;
  /** Starts the client of its container; `ready` is called once it is to be found by others. */
  open(command: ClientCommand, held: { container: string; ready(): void }): Client;
  /** Gets what keeps it from being found. */
  onSaid(line: string): void;
  /** It is to be found. */
  onReady?(container: string): void;
  /** How its container ended, before it is removed. */
  onEnd?: SessionRequest["onEnd"];
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
  const { stateDir } = options.context.host;
  const lock = await takeHeldLock(heldFiles(stateDir, { cageId: cage.id, name: request.name }));
  if (lock === undefined) return undefined;
  using _held = lock;
  return await holdLockedSession(cage, request, options);
}

/** The same for a process that has the lock already. */
export async function holdLockedSession(
  cage: PreparedCage,
  request: HoldRequest,
  options: { context: SessionContext },
): Promise<number> {
  const { context } = options;
  const { stateDir } = context.host;
  const files = heldFiles(stateDir, { cageId: cage.id, name: request.name });
  const record: HeldRecord = {
    schema: 1,
    pid: Deno.pid,
    service: cage.service.name,
    startedAt: new Date().toISOString(),
  };
  await writeHeldRecord(files, record);
  const isStopped = async () => await readStopMark(stateDir, cage.id) !== request.stopMark;
  let written = Promise.resolve();
  try {
    if (await isStopped()) throw stopped();
    return await runSession(cage, {
      args: [],
      shell: false,
      command: request.command,
      held: request.name,
      ...(request.onEnd === undefined ? {} : { onEnd: request.onEnd }),
      attach: {
        detached: false,
        open(command, { container }) {
          const getReady = async () => {
            if (await isStopped()) return client.signal("SIGTERM");
            await writeHeldRecord(files, { ...record, container });
            request.onReady?.(container);
          };
          const client = request.open(command, {
            container,
            ready() {
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
