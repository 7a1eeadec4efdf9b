import { join } from "node:path";
import { findText, removeIfPresent } from "../files.ts";
import { hostFiles, rawPath } from "./host_files.ts";
import { type Identity, identityOf } from "./journal.ts";
import type { Pin } from "./types.ts";

/** The lock that keeps every git of the user from writing the index. */
export function lockPath(pin: Pick<Pin, "gitDir">): string {
  return join(pin.gitDir, "index.lock");
}

/** The user's index. */
export function indexPath(pin: Pick<Pin, "gitDir">): string {
  return join(pin.gitDir, "index");
}

/** What a lock of ours says; nobody else's says the same. */
export function planLockText(pin: Pick<Pin, "cage">): string {
  return `${lockPrefix(pin)}${crypto.randomUUID()}\n`;
}

/** Takes the lock; says whether it did. */
export async function takeLock(pin: Pin, text: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(lockPath(pin), text, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Whether the lock is one of this cage's, or a certain one. */
export async function isOwnLock(pin: Pin, text?: string): Promise<boolean> {
  const found = await findText(lockPath(pin)).catch(() => undefined);
  if (found === undefined) return false;
  return text === undefined ? found.startsWith(lockPrefix(pin)) : found === text;
}

/** Lets the lock go, if it is that one. */
export async function dropLock(pin: Pin, text?: string): Promise<void> {
  if (await isOwnLock(pin, text)) await removeIfPresent(lockPath(pin));
}

/** What the index is at the moment; `undefined` when there is none. */
export function observeIndex(pin: Pick<Pin, "gitDir">): Identity | undefined {
  const facts = hostFiles().lstat(rawPath(indexPath(pin)));
  return facts === undefined ? undefined : identityOf(facts);
}

function lockPrefix(pin: Pick<Pin, "cage">): string {
  return `sandcage ${pin.cage} `;
}
