import { dirname, join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir, tryLockFile } from "../files.ts";
import { sha256Hex } from "../hash.ts";
import { formatPath } from "../project/root.ts";
import type { TreeFs } from "../tree/fs.ts";
import { StageError } from "../tree/journal.ts";
import { recoverStage, type Recovery } from "../tree/recover.ts";
import type { CopyCage } from "./types.ts";

/** A directory of the host that one cage works on, held until disposed. */
export type Target = Disposable & {
  /** Absolute, symlinks resolved. */
  root: string;
  /** How what an earlier command left was dealt with. */
  recovery: Recovery;
};

/**
 * Holds the files of a cage: while one command carries them, no other does.
 *
 * @throws {UserError} Of code `conflict` when another one does.
 */
export async function lockTransfer(cage: Pick<CopyCage, "dir" | "name">): Promise<Disposable> {
  const lock = await tryLockFile(join(cage.dir, "transfer.lock"));
  if (lock !== undefined) return lock;
  throw busy(`Another sandcage is carrying files of cage "${cage.name}"`);
}

/**
 * Holds a directory of the host, and first brings to its end what was cut in it.
 *
 * @param path A directory that is there.
 * @throws {UserError} Of code `conflict` when another command holds it.
 */
export async function openTarget(
  cage: Pick<CopyCage, "dir" | "id" | "name">,
  path: string,
  options: { fs: TreeFs },
): Promise<Target> {
  const { fs } = options;
  const root = await Deno.realPath(path);
  // Several cages may export into one directory.
  const locks = join(dirname(dirname(cage.dir)), "locks");
  const lock = await tryLockFile(join(locks, `tree-${sha256Hex(root).slice(0, 16)}.lock`));
  if (lock === undefined) throw busy(`Another sandcage is changing ${formatPath(root)}`);
  try {
    const recovery = recoverTarget(cage, root, fs);
    return { root, recovery, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/**
 * Finds the place for a stage: with the cage, where nobody who watches the project sees it, if
 * renames lead from there to the target; else in the target.
 */
export async function findStageDir(
  cage: Pick<CopyCage, "dir" | "id">,
  root: string,
  options: { fs: TreeFs },
): Promise<string> {
  const { fs } = options;
  const [beside, within] = stageDirs(cage, root) as [string, string];
  for (const place of [beside, within]) if (fs.lstat(place) !== undefined) return place;
  await ensurePrivateDir(dirname(beside));
  // Only a rename tells: mounts of one device refuse it as different devices do.
  fs.mkdir(within, 0o700);
  try {
    fs.rename(within, beside);
    return beside;
  } catch {
    return within;
  }
}

/** Whether a commit in a directory of the host was cut; it is brought to its end by `openTarget`. */
export function hasCutCommit(
  cage: Pick<CopyCage, "dir" | "id">,
  root: string,
  options: { fs: TreeFs },
): boolean {
  return stageDirs(cage, root).some((stageDir) =>
    options.fs.lstat(`${stageDir}/journal`) !== undefined
  );
}

function recoverTarget(
  cage: Pick<CopyCage, "dir" | "id">,
  root: string,
  fs: TreeFs,
): Recovery {
  for (const stageDir of stageDirs(cage, root)) {
    try {
      const recovery = recoverStage({ fs, root, stageDir, resume: true });
      if (recovery.kind !== "none") return recovery;
      // A command that had only begun leaves nothing in the project.
      if (fs.lstat(stageDir) !== undefined && fs.list(stageDir).length === 0) fs.remove(stageDir);
    } catch (cause) {
      if (!(cause instanceof StageError)) throw cause;
      throw new UserError(cause.message, {
        hint: `It is what is left of an export that was cut. Look at the files in ${
          formatPath(root)
        }\nand in it, then remove the directory and run this again`,
        exit: EXIT.conflict,
        code: "conflict",
        cause,
      });
    }
  }
  return { kind: "none" };
}

function stageDirs(cage: Pick<CopyCage, "dir" | "id">, root: string): string[] {
  return [
    join(cage.dir, "stage", sha256Hex(root).slice(0, 16)),
    join(root, `.sandcage-${cage.id}.tmp`),
  ];
}

function busy(message: string): UserError {
  return new UserError(message, {
    hint: "Wait until it is done and run this again",
    exit: EXIT.conflict,
    code: "conflict",
  });
}
