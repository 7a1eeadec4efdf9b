import { basename, dirname, join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir, tryLockFile } from "../files.ts";
import { sha256Hex } from "../hash.ts";
import { formatPath } from "../project/root.ts";
import type { TreeFs } from "../tree/fs.ts";
import { StageError } from "../tree/journal.ts";
import { recoverStage, type Recovery } from "../tree/recover.ts";
import { denoFs } from "./deno_fs.ts";
import type { CopyCage } from "./types.ts";

/** Directory of a cage's stages, and the ending of the files that say for which directory they are. */
const STAGES = "stage";
const ROOT_SUFFIX = ".root";

/** A directory of the host that one cage works on, held until disposed. */
export type Target = Disposable & {
  /** Absolute, symlinks resolved. */
  root: string;
  /** How what an earlier command left was dealt with. */
  recovery: Recovery;
};

/** The files of a cage, held until disposed. */
export type HeldTransfer = Disposable & {
  /** Directories of the host in which a commit was cut, and how that was dealt with. */
  recovered: readonly { root: string; recovery: Recovery }[];
};

/**
 * Holds the files of a cage: while one command carries them, no other does. Brings to its end what an
 * earlier one left in any directory of the host.
 *
 * @throws {UserError} Of code `conflict` when another command holds them.
 */
export async function lockTransfer(cage: Pick<CopyCage, "dir" | "name">): Promise<HeldTransfer> {
  const lock = await tryLockFile(join(cage.dir, "transfer.lock"));
  if (lock === undefined) throw busy(`Another sandcage is carrying files of cage "${cage.name}"`);
  try {
    const recovered = await recoverAll({ ...cage, id: basename(cage.dir) });
    return { recovered, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

async function recoverAll(
  cage: Pick<CopyCage, "dir" | "id" | "name">,
): Promise<{ root: string; recovery: Recovery }[]> {
  const fs = denoFs();
  const stages = join(cage.dir, STAGES);
  if (fs.lstat(stages) === undefined) return [];
  const recovered: { root: string; recovery: Recovery }[] = [];
  for (const name of fs.list(stages)) {
    if (typeof name !== "string" || !name.endsWith(ROOT_SUFFIX)) continue;
    const root = Deno.readTextFileSync(join(stages, name));
    const places = stageDirs(cage, root);
    if (places.every((place) => fs.lstat(place) === undefined)) fs.remove(join(stages, name));
    // Where the directory is away, as a disk that is not plugged in, it waits.
    if (!hasCutCommit(cage, root, { fs }) || fs.lstat(root)?.kind !== "dir") continue;
    // Not by `using`: the bundler drops one that is read once, and the lock would stay.
    const target = await openTarget(cage, root, { fs });
    target[Symbol.dispose]();
    recovered.push({ root: target.root, recovery: target.recovery });
  }
  return recovered;
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
  // Whoever finds the stage has to know what it is for.
  Deno.writeTextFileSync(`${beside}${ROOT_SUFFIX}`, root, { mode: 0o600 });
  // Only a rename tells: mounts of one device refuse it as different devices do.
  fs.mkdir(within, 0o700);
  try {
    fs.rename(within, beside);
    return beside;
  } catch {
    return within;
  }
}

/** Whether a commit in a directory of the host was cut. */
function hasCutCommit(
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
    join(cage.dir, STAGES, sha256Hex(root).slice(0, 16)),
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
