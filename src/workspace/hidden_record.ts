import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { removeIfPresent, writeFileAtomic } from "../files.ts";
import { isSameOrInside } from "../project/refused.ts";
import { formatPath } from "../project/root.ts";
import { findIdentity } from "./file_identity.ts";
import type { MountRoot } from "./types.ts";

/** Everything hidden at the last start, by identity. */
type HiddenRecord = {
  schema: 1;
  /** Host paths. */
  hidden: Record<string, string>;
  /** The selected link of what is hidden for the sake of one alone. */
  links?: Record<string, string>;
};

/**
 * Compares what is hidden now with the last start, and remembers it. An agent cannot rename a hidden
 * path, but the directory around it, so that the pattern misses it at the next start: such a path is
 * found again by its identity and refused. So is what was hidden because a selected symlink led to
 * it, when that link does so no more. One that is nowhere below the roots was deleted.
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
  const missing = new Map<string, Missing>();
  for (const [identity, was] of Object.entries(before.hidden)) {
    if (now.has(identity) || !roots.some((root) => isSameOrInside(was, root.source))) continue;
    missing.set(identity, { was, lostLink: await findLostLink(before.links?.[identity], was) });
  }
  if (missing.size > 0) {
    const covered = new Set(now.values());
    for (const root of roots) {
      const found = await findVisible(root.source, { missing, covered });
      if (found !== undefined) throw renamed(found, path);
    }
  }
  if (now.size === 0) return await removeIfPresent(path);
  const links = hidden.flatMap(({ identity, link }) =>
    link === undefined ? [] : [[identity, link]]
  );
  const record: HiddenRecord = {
    schema: 1,
    hidden: Object.fromEntries(now),
    ...(links.length === 0 ? {} : { links: Object.fromEntries(links) }),
  };
  if (JSON.stringify(record) !== JSON.stringify(before)) {
    await writeFileAtomic(path, JSON.stringify(record) + "\n");
  }
}

async function readRecord(path: string): Promise<HiddenRecord> {
  try {
    return JSON.parse(await Deno.readTextFile(path)) as HiddenRecord;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { schema: 1, hidden: {} };
    throw error;
  }
}

/** The link, when it does not lead there any more. */
async function findLostLink(link: string | undefined, to: string): Promise<string | undefined> {
  if (link === undefined) return undefined;
  const leadsTo = await Deno.realPath(link).catch(() => undefined);
  return leadsTo === to ? undefined : link;
}

/** What was hidden, and is not. */
type Missing = { was: string; lostLink: string | undefined };

type Seen = Missing & { path: string };

/** Walks what a cage would see, looking at every inode: only done when something is missing. */
async function findVisible(
  dir: string,
  wanted: { missing: ReadonlyMap<string, Missing>; covered: ReadonlySet<string> },
): Promise<Seen | undefined> {
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (wanted.covered.has(path) || entry.isSymlink) continue;
    const stat = await findIdentity(path);
    const missing = stat === undefined ? undefined : wanted.missing.get(stat.identity);
    // At its old place it is the user's change of the patterns, unless a link is gone.
    if (missing !== undefined && (missing.was !== path || missing.lostLink !== undefined)) {
      return { ...missing, path };
    }
    if (!entry.isDirectory || entry.name === ".git") continue;
    const found = await findVisible(path, wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

function renamed({ path, was, lostLink }: Seen, record: string): UserError {
  const [what, back] = path === was
    ? [`the link ${formatPath(lostLink ?? "")}, which hid it, is another or gone`, "Put it back"]
    : [`is now ${formatPath(path)}, which no pattern of workspace.hide selects`, "Move it back"];
  return new UserError(`Cannot start: ${formatPath(was)} was hidden, and ${what}`, {
    hint: `${back}, or add a pattern that selects ${path === was ? formatPath(was) : "it"}. ` +
      `If the cage may read it, delete ${formatPath(record)}`,
    exit: EXIT.conflict,
    code: "mask-refused",
  });
}
