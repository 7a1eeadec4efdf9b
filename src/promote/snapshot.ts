import { join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { concat, fromLatin1, latin1 } from "./bytes.ts";
import type { Git } from "./git.ts";
import {
  formatSnapshotCommit,
  parseTracked,
  planSnapshot,
  withoutOwnLines,
} from "./snapshot_plan.ts";
import { type Identity, type ObjectId, type Pin, promoteRefs } from "./types.ts";

/** Where a snapshot is taken. */
export type Ground = Pick<Pin, "branch" | "base">;

/** Name of the branch inside: that of the user may name them. */
export const INNER_BRANCH = "main";

/** Upper bound of packing all files of a project, in milliseconds. */
const PACK_MS = 30 * 60_000;

/** No file: a line of `update-index --index-info` that takes one out. */
const GONE = `0 ${"0".repeat(40)}\t`;

/**
 * Finds the branch that commits are to land on.
 *
 * @throws {UserError} If the working tree is on none, has no commit, or is of a format that does not
 * cross.
 */
export async function observeGround(git: Git): Promise<Ground> {
  const text = async (...args: string[]) => {
    const { code, stdout } = await git.run(args);
    return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
  };
  const format = await text("rev-parse", "--show-object-format");
  if (format === undefined) {
    throw refused("is no repository that git can read", "Look what git says: git status");
  }
  if (format !== "sha1") {
    throw refused(`has object ids of ${format}`, "Use mode copy: workspace: { mode: copy }");
  }
  const branch = await text("symbolic-ref", "--quiet", "HEAD");
  if (branch === undefined || !branch.startsWith("refs/heads/")) {
    throw refused(
      "is on no branch",
      "Go to the one that commits are to land on: git switch BRANCH",
    );
  }
  const base = await text("rev-parse", "--quiet", "--verify", "HEAD^{commit}");
  if (base === undefined) {
    throw refused("has no commit yet", "Make the first one: git add -A && git commit");
  }
  return { branch, base };
}

/**
 * Makes the commit that a repository inside begins with, in the user's repository, where the cage's
 * own refs keep it: what the branch has, without environment files and sandcage's own. Neither the
 * working tree nor the index of the user is looked at.
 *
 * @param options.scratch A file that may be written to; nothing is left of it.
 * @throws {UserError} If git cannot read or write.
 */
export async function makeSnapshot(
  git: Git,
  pin: Omit<Pin, "snapshot">,
  options: { ghost: Identity; scratch: string; nowMs: number },
): Promise<ObjectId> {
  const what = "Cannot take a snapshot of the branch";
  const tree = await makeTree(git, { base: pin.base, what, scratch: options.scratch });
  const stdin = new TextEncoder().encode(formatSnapshotCommit(tree, options));
  const made = await git.read(["hash-object", "-t", "commit", "-w", "--stdin"], { what, stdin });
  const snapshot = latin1(made).trim();
  await git.read(["update-ref", "--no-deref", promoteRefs(pin).in, snapshot], { what });
  return snapshot;
}

async function makeTree(
  git: Git,
  { base, what, scratch }: { base: ObjectId; what: string; scratch: string },
): Promise<ObjectId> {
  const list = ["ls-tree", "-r", "-z", "--full-tree", base];
  const { dropped, ignoreFiles } = planSnapshot(parseTracked(await git.read(list, { what })));
  const changes = dropped.map((path) => `${GONE}${path}\0`);
  for (const { mode, oid, path } of ignoreFiles) {
    const kept = withoutOwnLines(latin1(await git.read(["cat-file", "blob", oid], { what })));
    if (kept === undefined || dropped.includes(path)) continue;
    const written = await git.read(["hash-object", "-w", "--stdin"], {
      what,
      stdin: fromLatin1(kept),
    });
    changes.push(`${mode} ${latin1(written).trim()}\t${path}\0`);
  }
  if (changes.length === 0) {
    return latin1(await git.read(["rev-parse", "--verify", `${base}^{tree}`], { what })).trim();
  }
  const call = {
    what,
    env: { GIT_INDEX_FILE: scratch },
    config: ["core.splitIndex=false", "index.sparse=false"],
  };
  try {
    await git.read(["read-tree", base], call);
    await git.read(["update-index", "-z", "--index-info"], {
      ...call,
      stdin: concat(changes.map(fromLatin1)),
    });
    return latin1(await git.read(["write-tree"], call)).trim();
  } finally {
    await Deno.remove(scratch).catch(() => {});
  }
}

/**
 * Writes the repository of a cage into an empty directory of the host: one commit, one branch, and
 * nothing of the user's settings.
 *
 * @param to Becomes what is `.git` inside.
 * @throws {UserError} If git cannot pack it.
 */
export async function writeSnapshotRepository(
  git: Git,
  to: string,
  options: { snapshot: ObjectId; signal?: AbortSignal | undefined },
): Promise<void> {
  const { snapshot, signal } = options;
  for (const dir of ["objects/info", "objects/pack", "refs/heads", "refs/tags"]) {
    await Deno.mkdir(join(to, dir), { recursive: true });
  }
  await git.read(["pack-objects", "--revs", "--quiet", join(to, "objects", "pack", "pack")], {
    what: "Cannot pack the files of the branch",
    stdin: new TextEncoder().encode(`${snapshot}\n`),
    // A program of the user's settings has no part in it, nor have files beside the pack.
    config: ["pack.packSizeLimit=0", "pack.writeReverseIndex=false", "uploadpack.packObjectsHook="],
    timeoutMs: PACK_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  await Deno.writeTextFile(join(to, "HEAD"), `ref: refs/heads/${INNER_BRANCH}\n`);
  await Deno.writeTextFile(join(to, "refs", "heads", INNER_BRANCH), `${snapshot}\n`);
  await Deno.writeTextFile(
    join(to, "config"),
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n" +
      "\tlogallrefupdates = true\n",
  );
}

function refused(what: string, hint: string): UserError {
  return new UserError(`Cannot promote into this working tree: it ${what}`, {
    hint,
    exit: EXIT.config,
    code: "project-refused",
  });
}
