import { formatGitFailure } from "./git.ts";
import { formatRawPath } from "./raw_path.ts";
import type { Pin, Wait } from "./types.ts";
import { paused } from "./waits.ts";

const BRANCH_HINT = "Take the commits on a branch instead: promote --to";

/** A file would have to go through a program. */
export function filterWait(found: readonly { path: string; filter: string }[]): Wait {
  const { path, filter } = found[0]!;
  const shown = JSON.stringify(formatRawPath(path));
  return paused("filter", {
    text: `Commits wait: ${shown} has the filter "${filter}", and sandcage runs no filters`,
    hint: filter === "lfs"
      ? "Have git-lfs leave its pointers (git lfs install --local --skip-smudge), " +
        "or take the commits on a branch: promote --to"
      : BRANCH_HINT,
    paths: found.map((one) => one.path),
  });
}

/** The working tree has part of the files on purpose. */
export function sparseWait(pin: Pin): Wait {
  return paused("refused", {
    text: `Commits wait: ${pin.worktree} is a sparse checkout, in which sandcage lands nothing`,
    hint: `Switch it off: git sparse-checkout disable. ${BRANCH_HINT}`,
    paths: [],
  });
}

/** The index is not in one file. */
export function partialWait(pin: Pin): Wait {
  return paused("refused", {
    text: `Commits wait: the index of ${pin.worktree} is split or sparse`,
    hint: "Make it whole: git update-index --no-split-index",
    paths: [],
  });
}

/** There is nothing to compare files with. */
export function noIndexWait(pin: Pin): Wait {
  return paused("refused", {
    text: `Commits wait: ${pin.worktree} has no index`,
    hint: "Make it again: git reset",
    paths: [],
  });
}

/** git does not bring the index to the new commit. */
export function indexWait(said: string): Wait {
  return paused("collision", {
    text: `Commits wait: the index does not take them: ${said}`,
    hint: "Commit what is staged, or unstage it: git restore --staged .",
    paths: [],
  });
}

/** Whatever began to move is back. */
export function changedWait(path: string): Wait {
  return paused("collision", {
    text: `Commits wait: ${JSON.stringify(formatRawPath(path))} changed in the moment ` +
      "they landed; everything is as it was",
    hint: "They land by themselves once nothing of yours is in the way",
    paths: [path],
  });
}

/** git does not write a file, though nothing of the user's is there. */
export function unwritableWait(path: string, said: string): Wait {
  const why = formatGitFailure({ stderr: said, timedOut: false });
  return paused("refused", {
    text: `Commits wait: git cannot write ${JSON.stringify(formatRawPath(path))}: ${why}`,
    hint: BRANCH_HINT,
    paths: [path],
  });
}
