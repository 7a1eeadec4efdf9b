import { dirname, join } from "node:path";
import { ensurePrivateDir, findText, removeIfPresent } from "../files.ts";
import type { Change } from "./changes.ts";
import type { FileFacts } from "./host_files.ts";
import type { Seen } from "./index_file.ts";
import type { ObjectId } from "./types.ts";

/** What tells a file from any other, whatever its name is by now. */
export type Identity = Pick<FileFacts, "kind" | "size" | "mtimeMs" | "ino">;

/** One change of the working tree. Paths are bytes, one in each character. */
export type Step =
  /** A file or link goes, and with it directories that nothing is left in. */
  | { kind: "remove"; path: string; slot: number; old: Identity }
  /** A file or link comes, in place of an older one or of nothing. */
  | { kind: "place"; path: string; slot: number; old?: Identity; new: Identity }
  /** The directory of a repository of its own comes or goes; its files are its own. */
  | { kind: "add-module"; path: string }
  | { kind: "drop-module"; path: string };

/** A ref that moves with the branch; without `from` it is made. */
export type RefMove = { name: string; from?: ObjectId; to: ObjectId };

/** What a landing changed, as it is kept when it is over. */
export type PastLanding = {
  /** What the branch was at before. */
  from: ObjectId;
  /** What the index got, path by path. */
  changes: readonly Change[];
  /** What the index noted of the file at each of them, before. */
  seen: readonly (Seen | null)[];
  /** When it was over, as the file system tells it. Milliseconds. */
  atMs: number;
};

/** A landing under way, as written down before the first file moves. */
export type Journal = {
  version: 1;
  /** Where new files wait and old ones are kept, as the host names it. */
  area: string;
  /** What our `index.lock` says. */
  lock: string;
  branch: { name: string; from: ObjectId; to: ObjectId };
  /** Those that move in the same transaction. */
  refs: readonly RefMove[];
  /** Keeps the commits until they have landed; nothing can land any more once it is gone. */
  pending: string;
  /** The index that the landing began with. */
  index: Identity;
  /** What the index gets, path by path. */
  changes: readonly Change[];
  /** What the index noted of the file at each of them, before. */
  seen?: readonly (Seen | null)[];
  steps: readonly Step[];
  /** Directories that were not there, parents first. */
  newDirs: readonly string[];
  /** Landings shortly before it, the oldest first. */
  earlier?: readonly PastLanding[];
  /** Nothing lands: what another git took back comes again. No ref moves. */
  isRepair?: true;
};

/** The landing that was over last. */
export type LastLanding = { journal: Journal; atMs: number };

/** Where the journal of a cage is kept in its state. */
function journalPath(stateDir: string): string {
  return join(stateDir, "landing.json");
}

/** And where it is once it is over, until it is known that no other git took it back. */
function landedPath(stateDir: string): string {
  return join(stateDir, "landed.json");
}

/** Writes it down; on return a power cut does not undo it. */
export async function writeJournal(stateDir: string, journal: Journal): Promise<void> {
  const path = journalPath(stateDir);
  await ensurePrivateDir(dirname(path));
  const temporary = `${path}.new`;
  await Deno.writeTextFile(temporary, JSON.stringify(journal), { mode: 0o600 });
  {
    using file = await Deno.open(temporary, { write: true });
    await file.sync();
  }
  await Deno.rename(temporary, path);
  syncDir(dirname(path));
}

/**
 * The landing that is not settled, whose area and lock have to stay; `undefined` if there is none.
 *
 * @throws {Error} If it is of another version.
 */
export async function findUnsettled(stateDir: string): Promise<Journal | undefined> {
  return await findJournal(journalPath(stateDir));
}

/** Keeps the journal of a landing that is over in place of the last one's. */
export async function keepJournal(stateDir: string): Promise<void> {
  await Deno.rename(journalPath(stateDir), landedPath(stateDir));
  syncDir(stateDir);
}

/**
 * The landing that was over last, while it is kept.
 *
 * @throws {Error} If it is of another version.
 */
export async function findLanded(stateDir: string): Promise<LastLanding | undefined> {
  const path = landedPath(stateDir);
  const journal = await findJournal(path);
  if (journal === undefined) return undefined;
  const { ctime, mtime } = await Deno.lstat(path);
  // The rename is a change of it; where that is not told, it was written shortly before.
  return { journal, atMs: (ctime ?? mtime)?.getTime() ?? 0 };
}

/** Forgets the landing that was over last. */
export async function removeLanded(stateDir: string): Promise<void> {
  await removeIfPresent(landedPath(stateDir));
}

/** Forgets it. */
export async function removeJournal(stateDir: string): Promise<void> {
  const path = journalPath(stateDir);
  await removeIfPresent(path);
  syncDir(dirname(path));
}

async function findJournal(path: string): Promise<Journal | undefined> {
  const text = await findText(path);
  if (text === undefined) return undefined;
  const journal = JSON.parse(text) as Journal;
  if (journal.version !== 1) throw new Error(`${path} is of another version of sandcage`);
  return journal;
}

/** The identity in facts. */
export function identityOf(facts: FileFacts): Identity {
  const { kind, size, mtimeMs, ino } = facts;
  return { kind, size, mtimeMs, ino };
}

/** Whether it is the very file, and unchanged. */
export function isSameFile(facts: Identity | undefined, identity: Identity): boolean {
  return facts !== undefined && facts.kind === identity.kind && facts.size === identity.size &&
    facts.mtimeMs === identity.mtimeMs && facts.ino === identity.ino;
}

/** Makes what happened to the names in a directory last. Windows writes them through. */
export function syncDir(path: string): void {
  if (Deno.build.os === "windows") return;
  using dir = Deno.openSync(path);
  dir.syncSync();
}
