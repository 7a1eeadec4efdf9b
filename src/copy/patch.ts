import { EXIT, UserError } from "../errors.ts";
import { INSIDE } from "../names.ts";
import { changeCopyRecord } from "./claim.ts";
import { findInsideImage, listKnown, parseCount, planInside } from "./inside.ts";
import type { CopyRecord } from "./record.ts";
import { formatGitFailure } from "../cage/host_git.ts";
import type { CageContext } from "../cage/prepare.ts";

/** What git inside made of the commits that are ahead. */
export type PatchSet =
  /** There is nothing to make patches of, with the reason. */
  | { kind: "nothing"; reason: "no repository" | "no commit" | "not ahead"; merges: number }
  /** The base is no commit there; branches and tags that are. */
  | { kind: "bad base"; refs: string[] }
  | { kind: "failed"; reason: string }
  | {
    kind: "made";
    head: string;
    commits: number;
    /** Merges in between, which have no patch. */
    merges: number;
    /** Commits of other branches that are in no patch. */
    elsewhere: number;
    /** Every commit of this branch that is not on the host is among them. */
    isWhole: boolean;
  };

/** Where patches are inside until they have come out, below `/work`. */
export const PATCHES_ROOT = ".patches";

/** Upper bound of making patches, in milliseconds. */
const MAKE_TIMEOUT_MS = 10 * 60_000;

/**
 * Has git make patches inside, in a container of its own without a network, into
 * {@link PATCHES_ROOT}; the caller removes that.
 *
 * @param options.base Ref or commit inside; by default the commit the cage began with.
 * @throws {UserError} If no image is there to run git in.
 */
export async function makePatches(
  copy: CopyRecord,
  options: { base?: string | undefined; context: CageContext },
): Promise<PatchSet> {
  const { context } = options;
  const found = await findInsideImage(copy, context);
  if (found === undefined) {
    throw new UserError(`No image of "${copy.name}" is there to run git in`, {
      hint: `Build one: sandcage rebuild-image ${copy.name}`,
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
  const base = options.base ?? copy.baseCommit ?? "";
  const result = await found.engine.docker(
    planInside(copy, found.image, {
      script: SCRIPT,
      args: [base, ...listKnown(copy)],
      readonly: false,
    }),
    {
      timeoutMs: MAKE_TIMEOUT_MS,
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    },
  );
  context.signal?.throwIfAborted();
  const patches = result.code === 0 ? parsePatchSet(result.stdout) : undefined;
  return patches ?? { kind: "failed", reason: formatGitFailure(result) };
}

/** Puts on record that the history up to a commit is on the host. */
export async function rememberTaken(
  copy: Pick<CopyRecord, "id">,
  head: string,
  options: { stateDir: string },
): Promise<void> {
  await changeCopyRecord(copy.id, (now) => ({
    ...now,
    takenCommits: [...new Set([...now.takenCommits ?? [], head])],
  }), options);
}

// Whatever the repository's own config says, patches are what `git am` takes, and named by subject.
const SCRIPT = `set -u
out=${INSIDE.work}/${PATCHES_ROOT}
rm -rf "$out"
cd ${INSIDE.workProject} && [ -e .git ] || { echo "state=none"; exit 0; }
git rev-parse --git-dir >/dev/null || exit 1
head=$(git rev-parse --quiet --verify "HEAD^{commit}") || { echo "state=empty"; exit 0; }
wanted=$1
shift
base=
if [ -n "$wanted" ]; then
  base=$(git rev-parse --quiet --verify --end-of-options "$wanted^{commit}") || {
    echo "state=base"
    git for-each-ref --count=20 --format="ref=%(refname:short)" refs/heads refs/tags
    exit 0
  }
fi
count() { git rev-list --ignore-missing --count "$@" || echo "?"; }
echo "head=$head"
echo "commits=$(count --no-merges $head \${base:+^$base})"
echo "merges=$(count --merges $head \${base:+^$base})"
echo "elsewhere=$(count --branches --not $head "$@")"
if [ -n "$base" ]; then echo "before=$(count $base --not "$@")"; else echo "before=0"; fi
[ "$(count --no-merges $head \${base:+^$base})" != 0 ] || { echo "state=ahead"; exit 0; }
mkdir "$out" || exit 1
if [ -n "$base" ]; then range=$base..$head; else range="--root $head"; fi
git -c core.hooksPath=/dev/null format-patch --quiet --no-ext-diff --no-textconv --binary \\
  --full-index --default-prefix --no-attach --no-thread --no-cover-letter --no-signoff --no-notes \\
  --no-to --no-cc --no-add-header --subject-prefix=PATCH --suffix=.patch --no-base --no-color \\
  --output-directory "$out" $range >/dev/null || exit 1
echo "state=made"`;

/** More is not read of what an agent may have had a hand in. */
const MOST_CHARS = 16_384;

/** Reads what the container printed; `undefined` for what it never prints. Pure. */
export function parsePatchSet(text: string): PatchSet | undefined {
  const rows = text.slice(0, MOST_CHARS).split("\n").map((line) => line.split(/=(.*)/s));
  const value = (key: string) => rows.find(([name]) => name === key)?.[1] ?? "";
  const merges = parseCount(value("merges")) ?? 0;
  switch (value("state")) {
    case "none":
      return { kind: "nothing", reason: "no repository", merges };
    case "empty":
      return { kind: "nothing", reason: "no commit", merges };
    case "ahead":
      return { kind: "nothing", reason: "not ahead", merges };
    case "base":
      return {
        kind: "bad base",
        refs: rows.flatMap(([name, ref]) => name === "ref" ? [ref ?? ""] : []),
      };
    case "made": {
      const head = value("head");
      const commits = parseCount(value("commits"));
      if (!/^[0-9a-f]{40,64}$/.test(head) || commits === undefined) return undefined;
      return {
        kind: "made",
        head,
        commits,
        merges,
        elsewhere: parseCount(value("elsewhere")) ?? 0,
        // Of a merge nothing came out but what both sides of it had.
        isWhole: merges === 0 && value("before") === "0",
      };
    }
    default:
      return undefined;
  }
}
