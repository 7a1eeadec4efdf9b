import { dirname, resolve } from "node:path";
import { ensurePrivateDir, findText } from "../files.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import { pause } from "../pause.ts";
import { heldFiles, type HeldKey, type HeldState, observeHeld } from "./held.ts";
import { cageDir } from "../cage/store.ts";
import { spawnDetached } from "./spawn.ts";

/** How a holder is started and waited for. */
export type HoldStart = {
  /** What people call what is started, for messages. */
  title: string;
  /** Arguments of this program that make it the holder; `--log FILE` is added. */
  args: readonly string[];
  host: Pick<Host, "stateDir">;
  /** Gets what the holder says until it is ready, a line at a time. */
  onSaid(line: string): void;
  /** Ends the holder again, while it is not ready. */
  signal?: AbortSignal | undefined;
};

/** Setup lines and the install script of dotfiles run before it is ready; in milliseconds. */
const READY_MS = 30 * 60_000;

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 50;

/** How long a holder that is asked to end may take to remove its container, in milliseconds. */
const END_MS = 20_000;

/** A session that is held, and whether it was there before. */
export type StartedHold = { container: string; was: "running" | "started" };

/**
 * Starts a process of its own that holds a session, and waits until that is ready; the process
 * outlives this one and its terminal. Where one holds it already, it is that one that is waited for.
 *
 * @throws {UserError} If the holder ends first, with its last words; or takes too long.
 */
export async function startHold(key: HeldKey, options: HoldStart): Promise<StartedHold> {
  const { title, host, onSaid, signal } = options;
  const before = await observeHeld(host.stateDir, key);
  if (before.kind === "ready") return { container: before.container, was: "running" };
  // The next holder has the lock a moment before it has written this over.
  const gone = before.kind === "cut-off" ? before.record.startedAt : undefined;
  const { log } = heldFiles(host.stateDir, key);
  const holder = before.kind === "starting" ? undefined : await spawnHolder(key, options);
  const follow = followLog(log, onSaid);
  const deadline = Date.now() + READY_MS;
  for (;;) {
    // Of several that are started at once all but one leave it to that one.
    const hasOwn = holder !== undefined && !holder.hasEnded();
    const state = await observeHeld(host.stateDir, key);
    await follow.read();
    if (state.kind === "ready" && state.record.startedAt !== gone) {
      return { container: state.container, was: "started" };
    }
    if (!hasOwn && !isHeld(state)) {
      throw failed(`${title} did not start`, { log, last: follow.last() });
    }
    if (signal?.aborted === true || Date.now() > deadline) {
      if (holder !== undefined) await endHolder(host.stateDir, { key, holder });
      signal?.throwIfAborted();
      throw failed(`${title} was not ready after ${READY_MS / 60_000} minutes`, {
        log,
        last: follow.last(),
      });
    }
    await pause(LOOK_MS);
  }
}

/**
 * Asks a holder to end its session and waits for it.
 *
 * @returns Whether it is gone.
 */
export async function endHold(stateDir: string, key: HeldKey): Promise<boolean> {
  const state = await observeHeld(stateDir, key);
  const pid = state.kind === "absent" || state.kind === "cut-off" ? undefined : state.record?.pid;
  // It has its lock, so the id is its own and nobody's who came later.
  if (pid !== undefined) signalProcess(pid);
  return await waitForEnd(stateDir, key);
}

/** Waits until nothing is held any more; `false` when that takes too long. */
export async function waitForEnd(stateDir: string, key: HeldKey): Promise<boolean> {
  const deadline = Date.now() + END_MS;
  while (isHeld(await observeHeld(stateDir, key))) {
    if (Date.now() > deadline) return false;
    await pause(LOOK_MS);
  }
  return true;
}

function isHeld({ kind }: HeldState): boolean {
  return kind === "starting" || kind === "ready";
}

type Holder = { pid: number; hasEnded(): boolean };

async function spawnHolder(key: HeldKey, options: HoldStart): Promise<Holder> {
  const { args, host } = options;
  const { log } = heldFiles(host.stateDir, key);
  await ensurePrivateDir(dirname(log));
  // What another holder said is not this one's last word.
  await Deno.writeTextFile(log, "", { mode: 0o600 });
  const child = spawnDetached({
    args: [...args, "--log", resolve(log)],
    stateDir: host.stateDir,
    cwd: cageDir(host.stateDir, key.cageId),
  });
  let ended = false;
  child.status.then(() => ended = true);
  child.unref();
  return { pid: child.pid, hasEnded: () => ended };
}

async function endHolder(
  stateDir: string,
  options: { key: HeldKey; holder: Holder },
): Promise<void> {
  const { key, holder } = options;
  if (!holder.hasEnded()) signalProcess(holder.pid);
  const deadline = Date.now() + END_MS;
  while (!holder.hasEnded() && Date.now() < deadline) await pause(LOOK_MS);
  await waitForEnd(stateDir, key);
}

function signalProcess(pid: number): void {
  try {
    Deno.kill(pid, "SIGTERM");
  } catch {
    // It ended by itself.
  }
}

/** Reads a growing log from where it was left; the time before each line is left out. */
function followLog(
  path: string,
  onLine: (line: string) => void,
): { read(): Promise<void>; last(): string | undefined } {
  let seen = 0;
  let last: string | undefined;
  return {
    async read() {
      const text = await findText(path) ?? "";
      // Begun anew by another holder.
      if (text.length < seen) seen = 0;
      const whole = text.slice(seen, text.lastIndexOf("\n") + 1);
      seen += whole.length;
      for (const line of whole.split("\n").slice(0, -1)) {
        last = line.replace(/^\S+ /, "");
        onLine(last);
      }
    },
    last: () => last,
  };
}

function failed(message: string, options: { log: string; last: string | undefined }): UserError {
  const { log, last } = options;
  return new UserError(message, {
    hint: `${last === undefined ? "" : `It said last: ${last}\n`}Everything it said: ${log}`,
    exit: EXIT.failed,
    code: "failed",
  });
}
