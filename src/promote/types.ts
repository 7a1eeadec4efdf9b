/** An object id of git: forty lower-case hex digits. */
export type ObjectId = string;

/** Whose name outer commits carry. */
export type Identity = { name: string; email: string };

/** What a promote cage is bound to, from its first start until it is cleared. */
export type Pin = {
  /** Id of the cage; part of the private refs. */
  cage: string;
  /** Canonical path of the user's working tree. */
  worktree: string;
  /** The working tree's own git directory, and the one it shares. */
  gitDir: string;
  commonDir: string;
  /** Full name of the branch commits land on, `refs/heads/main`. */
  branch: string;
  /** The user's commit the snapshot was taken of. */
  base: ObjectId;
  /** The one commit the repository inside began with. */
  snapshot: ObjectId;
  /** Name of the branch inside, without `refs/heads/`. */
  innerBranch: string;
};

/** How the commits of one inner branch map onto the user's. */
export type CommitMap = ReadonlyMap<ObjectId, ObjectId>;

/** Why nothing lands now although something waits; it lands by itself when the cause is gone. */
export type Wait =
  | {
    kind: "held";
    reason:
      | "other-branch"
      | "detached"
      | "branch-gone"
      | "branch-moved-back"
      | "operation" // rebase, merge, am, cherry-pick, revert or bisect
      | "locked"
      | "elsewhere"; // another worktree has the branch checked out
    /** One sentence, and the next step. */
    text: string;
    hint: string;
  }
  | {
    kind: "paused";
    reason: "collision" | "filter" | "rewritten" | "torn" | "refused";
    text: string;
    hint: string;
    /** Paths that stand in the way, made visible. */
    paths: readonly string[];
  };

/** What one look at a cage led to. */
export type Look =
  | { kind: "idle" }
  | { kind: "landed"; commits: number; from: ObjectId; to: ObjectId; changed: readonly string[] }
  | { kind: "waiting"; pending: number; wait: Wait };

/** Names of the private refs of a pin. */
export function promoteRefs(pin: Pick<Pin, "cage" | "innerBranch">): {
  in: string;
  done: string;
  out: string;
  pending: string;
} {
  const at = (kind: string) => `refs/sandcage/${pin.cage}/${kind}/${pin.innerBranch}`;
  return { in: at("in"), done: at("done"), out: at("out"), pending: at("pending") };
}
