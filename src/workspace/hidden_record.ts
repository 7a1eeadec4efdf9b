import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { removeIfPresent, writeFileAtomic } from "../files.ts";
import { isSameOrInside } from "../project/refused.ts";
import { formatPath } from "../project/root.ts";
import { findIdentity } from "./file_identity.ts";
import type { MountRoot } from "./types.ts";

/** Host path by identity of everything hidden at the last start. */
type HiddenRecord = { schema: 1; hidden: Record<string, string> };

/**
 * Compares what is hidden now with the last start, and remembers it. An agent cannot rename a hidden
 * path, but the directory around it, so that the pattern misses it at the next start: such a path is
 * found again by its identity and refused. One that is nowhere below the roots was deleted.
 *
 * @throws {UserError} `mask-refused` when something hidden before can be seen now.
 */
export async function checkHidden(
  cageDir: string,
  roots: readonly Pick<MountRoot, "source" | "matches">[],
): Promise<void> {
  const path = join(cageDir, "hidden.json");
  const hidden = roots.flatMap((root) => root.matches.hidden);
  const now = new Map(hidden.map((match) => [match.identity, match.path]));
  const before = await readRecord(path);
  const missing = new Map(
    Object.entries(before).filter(([identity, old]) =>
      !now.has(identity) && roots.some((root) => isSameOrInside(old, root.source))
    ),
  );
  if (missing.size > 0) {
    const covered = new Set(now.values());
    for (const root of roots) {
      const found = await findVisible(root.source, { missing, covered });
      // At its old place it is the user's change of the patterns, not a rename.
      if (found !== undefined && found.was !== found.path) throw renamed(found, path);
    }
  }
  if (now.size === 0) return await removeIfPresent(path);
  const record: HiddenRecord = { schema: 1, hidden: Object.fromEntries(now) };
  const text = JSON.stringify(record) + "\n";
  if (JSON.stringify(record.hidden) !== JSON.stringify(before)) await writeFileAtomic(path, text);
}

async function readRecord(path: string): Promise<Record<string, string>> {
  try {
    return (JSON.parse(await Deno.readTextFile(path)) as HiddenRecord).hidden;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

type Renamed = { path: string; was: string };

/** Walks what a cage would see, looking at every inode: only done when something is missing. */
async function findVisible(
  dir: string,
  wanted: { missing: ReadonlyMap<string, string>; covered: ReadonlySet<string> },
): Promise<Renamed | undefined> {
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (wanted.covered.has(path) || entry.isSymlink) continue;
    const stat = await findIdentity(path);
    const was = stat === undefined ? undefined : wanted.missing.get(stat.identity);
    if (was !== undefined) return { path, was };
    if (!entry.isDirectory || entry.name === ".git") continue;
    const found = await findVisible(path, wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

function renamed(found: Renamed, record: string): UserError {
  return new UserError(
    `Cannot start: ${formatPath(found.was)} was hidden, and is now ${formatPath(found.path)}, ` +
      "which no pattern of workspace.hide selects",
    {
      hint: "Move it back, or add a pattern that selects it. If the cage may read it, delete " +
        formatPath(record),
      exit: EXIT.conflict,
      code: "mask-refused",
    },
  );
}
