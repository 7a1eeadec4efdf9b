import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { lockFile } from "../files.ts";
import { openCourier } from "../transfer/courier.ts";
import { lockTransfer } from "../transfer/target.ts";
import type { CageRoot, Courier } from "../transfer/types.ts";
import { changeCopyRecord } from "./claim.ts";
import { observeDir } from "./dirs.ts";
import { type FilledRoot, fillRoot } from "./fill.ts";
import { PROJECT_ROOT } from "./names.ts";
import type { CopyRecord } from "./record.ts";
import { openCopySite } from "./site.ts";
import type { CageContext } from "../cage/prepare.ts";
import { cageDir } from "../cage/store.ts";

/**
 * Copies a directory of the host into a cage, beside its project; what runs in it sees it at once.
 *
 * @throws {UserError} If it may not come in, or something inside has its name.
 */
export async function addDir(
  copy: CopyRecord,
  wanted: { path: string; name?: string | undefined },
  options: { context: CageContext },
): Promise<FilledRoot> {
  const { context } = options;
  const { host } = context;
  using _dirs = await lockDirs(copy, context);
  const root = await observeDir(wanted.path, {
    host,
    roots: copy.roots,
    name: wanted.name,
    fix: `sandcage add-dir ${copy.name} PATH --name NAME`,
  });
  const { cage, config } = await openCopySite(copy, context);
  using _transfer = await lockTransfer(cage);
  await using courier = await openCourier(cage, { signal: context.signal });
  await makeRoom(root, { copy, courier });
  const change = (next: (now: CopyRecord) => CopyRecord) =>
    changeCopyRecord(copy.id, next, { stateDir: host.stateDir });
  await change((now) => ({ ...now, adding: root.name }));
  try {
    const filled = await fillRoot({ ...cage, roots: [...cage.roots, root] }, root, {
      courier,
      config,
      context,
    });
    await change(({ adding: _, ...now }) => ({ ...now, roots: [...now.roots, root] }));
    return filled;
  } catch (error) {
    // Whatever happened: half a directory is nobody's work. What stays is known by the record.
    if (context.signal?.aborted !== true) await courier.remove("", [root.name]).catch(() => {});
    throw error;
  }
}

/** What an interrupted copy left goes; what the agent made stays. */
async function makeRoom(
  root: CageRoot,
  options: { copy: CopyRecord; courier: Courier },
): Promise<void> {
  const { copy, courier } = options;
  if (copy.adding === root.name) return await courier.remove("", [root.name]);
  for await (const items of courier.scan(root.name, [])) {
    if (items.length === 0) continue;
    throw new UserError(`There is something at /work/${root.name} in "${copy.name}" already`, {
      hint: `Give another name: sandcage add-dir ${copy.name} ${
        JSON.stringify(root.hostPath)
      } --name NAME`,
      exit: EXIT.conflict,
      code: "conflict",
    });
  }
}

/**
 * Takes a directory out of a cage; on the host nothing changes. The caller has made sure that nothing
 * in it is wanted.
 */
export async function removeDir(
  copy: CopyRecord,
  root: CageRoot,
  options: { context: CageContext },
): Promise<void> {
  const { context } = options;
  const { host } = context;
  using _dirs = await lockDirs(copy, context);
  const { cage } = await openCopySite(copy, context);
  using _transfer = await lockTransfer(cage);
  const change = (next: (now: CopyRecord) => CopyRecord) =>
    changeCopyRecord(copy.id, next, { stateDir: host.stateDir });
  // From here on nothing in it is anybody's work, whenever this ends.
  await change((now) => ({
    ...now,
    adding: root.name,
    roots: now.roots.filter(({ name }) => name !== root.name),
  }));
  await using courier = await openCourier(cage, { signal: context.signal });
  await courier.remove("", [root.name]);
  await removeBases(join(cage.dir, "base"), root.name);
  await change(({ adding: _, ...now }) => now);
}

/**
 * Finds a directory of a cage by its name.
 *
 * @throws {UserError} Of code `usage` for none, or for the project itself.
 */
export function requireDir(copy: CopyRecord, name: string): CageRoot {
  const extra = copy.roots.filter((root) => root.name !== PROJECT_ROOT);
  const found = extra.find((root) => root.name === name);
  if (found !== undefined) return found;
  const names = extra.map((root) => root.name).join(", ");
  throw new UserError(
    name === PROJECT_ROOT
      ? `Cannot take the project itself out of "${copy.name}"`
      : `The cage "${copy.name}" has no directory "${name}"`,
    {
      hint: name === PROJECT_ROOT
        ? `To remove the whole cage: sandcage destroy ${copy.name}`
        : names === ""
        ? `It has none besides its project. Add one: sandcage add-dir ${copy.name} PATH`
        : `It has: ${names}`,
      exit: EXIT.usage,
      code: "usage",
    },
  );
}

function lockDirs(copy: CopyRecord, { host }: CageContext) {
  return lockFile(join(cageDir(host.stateDir, copy.id), "dirs.lock"));
}

/** What a directory was when both sides were equal; for other targets, too. */
async function removeBases(dir: string, name: string): Promise<void> {
  const pattern = new RegExp(`^${name}(-[0-9a-f]{12})?\\.jsonl$`);
  try {
    for await (const entry of Deno.readDir(dir)) {
      if (pattern.test(entry.name)) await Deno.remove(join(dir, entry.name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
