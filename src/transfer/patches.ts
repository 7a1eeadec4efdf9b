import { EXIT, UserError } from "../errors.ts";
import { formatPath } from "../project/root.ts";
import { isProblem, type TreeEntry } from "../tree/entry.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { Platform } from "../tree/paths.ts";
import { bringEntries } from "./bring.ts";
import { readContents } from "./contents.ts";
import { hashFile } from "./receive.ts";
import { findStageDir, openTarget } from "./target.ts";
import type { CopyCage, Courier } from "./types.ts";

/** A patch as it lies inside. */
export type PatchFile = TreeEntry & { kind: "file" };

/** As git names them; whatever else is there is not carried. */
const PATCH_NAME = /^\d{4,6}-[A-Za-z0-9._-]{0,200}\.patch$/;

/** What one patch may have to be printed. */
const MOST_PRINTED_BYTES = 64 << 20;

/** The patches below a root, in their order. */
export async function listPatches(
  courier: Pick<Courier, "scan">,
  root: string,
): Promise<PatchFile[]> {
  const files: PatchFile[] = [];
  for await (const items of courier.scan(root, [])) {
    for (const item of items) {
      if (isProblem(item) || item.kind !== "file" || !PATCH_NAME.test(item.path)) continue;
      files.push({ ...item, kind: "file" });
    }
  }
  return files;
}

/**
 * Reads patches into memory.
 *
 * @throws {UserError} If one is too large, or changed meanwhile.
 */
export async function readPatches(
  courier: Pick<Courier, "read">,
  options: { root: string; files: readonly PatchFile[] },
): Promise<Uint8Array[]> {
  const { root, files } = options;
  const contents = await readContents({ courier, root, files, mostBytes: MOST_PRINTED_BYTES });
  return files.map(({ path }) => {
    const bytes = contents.get(path);
    if (bytes !== undefined) return bytes;
    throw new UserError(`Cannot print ${path}: it is too large, or changed meanwhile`, {
      hint: "Write the patches to a directory instead: --output-dir",
    });
  });
}

/**
 * Brings patches to a directory of the host: all of them or none. One that is there with the same
 * bytes stays.
 *
 * @throws {UserError} Of code `conflict`, if another one of the same name is there.
 */
export async function writePatches(work: {
  cage: CopyCage;
  courier: Pick<Courier, "read" | "hash">;
  root: string;
  files: readonly PatchFile[];
  dir: string;
  fs: TreeFs;
  platform: Platform;
}): Promise<{ written: string[]; present: string[] }> {
  const { cage, courier, root, files, fs } = work;
  using target = await openTarget(cage, work.dir, { fs });
  const taken = files.filter(({ path }) => fs.lstat(`${target.root}/${path}`) !== undefined);
  const inner = await courier.hash(root, taken.map(({ path }) => path));
  const others = taken.filter(({ path }) => {
    const place = `${target.root}/${path}`;
    return fs.lstat(place)?.kind !== "file" || hashFile(fs, place) !== inner.get(path);
  });
  if (others.length > 0) {
    const shown = others.slice(0, 3).map(({ path }) => path).join(", ");
    throw new UserError(
      `Nothing was written: ${formatPath(target.root)} has other patches of these names: ${shown}`,
      {
        hint: "Remove those, or choose another directory with --output-dir",
        exit: EXIT.conflict,
        code: "conflict",
      },
    );
  }
  const present = taken.map(({ path }) => path);
  const fresh = files.filter(({ path }) => !present.includes(path));
  if (fresh.length > 0) {
    const stageDir = await findStageDir(cage, target.root, { fs });
    const { missed, twins } = await bringEntries({
      ...work,
      entries: fresh,
      target: target.root,
      stageDir,
    });
    const [gone] = [...missed, ...twins];
    if (gone !== undefined) {
      throw new UserError(`Not all patches came: ${gone} changed meanwhile`, {
        hint: "Something inside works on them. Run this again",
      });
    }
  }
  return { written: fresh.map(({ path }) => path), present };
}
