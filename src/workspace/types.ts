import type { Config } from "../config/schema.ts";

/** One mount of an agent's container, in the order they must be made. */
export type CageMount =
  | { type: "bind"; source: string; target: string; readonly: boolean }
  /** A volume that is there already. */
  | { type: "volume"; source: string; target: string; readonly: false }
  /** An empty read-only directory; `mode` are its permission bits. */
  | { type: "tmpfs"; target: string; readonly: true; mode?: number };

/** What makes a path the same thing later: device, inode and, where known, time of birth. */
export type FileIdentity = string;

/** An existing path that gets a mount of its own, to hide it or to make it read-only. */
export type MaskedPath = {
  /** Canonical absolute host path. */
  path: string;
  directory: boolean;
  identity: FileIdentity;
};

/** A path that a pattern selected. */
export type PatternMatch = MaskedPath & {
  /** The pattern as the user wrote it. */
  pattern: string;
  /** The symlink that it selected, where this is only what that leads to. */
  link?: string;
};

/** What patterns selected in one directory tree. */
export type Matches = {
  hidden: PatternMatch[];
  readonly: PatternMatch[];
  /** Sentences for the user. */
  warnings: string[];
};

/** A mask to watch while a session runs. */
export type WatchedMask = {
  /** Host path under the mask, or, for `absent`, the path that must not come into being. */
  path: string;
  /** Path inside. */
  target: string;
  /** What is lost with it. */
  kind: "hidden" | "readonly" | "git";
  /** `absent`: nothing is mounted; the path must stay absent. */
  state: "mounted" | "absent";
  identity?: FileIdentity;
};

/** A host directory or file shown in the cage. */
export type MountRoot = {
  /** Canonical absolute host path. */
  source: string;
  /** Absolute path inside. */
  target: string;
  readonly: boolean;
  origin: "project" | "workspace.dirs" | "mounts";
  directory: boolean;
  matches: Matches;
  git: GitFacts;
};

/** What was seen of the git directory of one root. */
export type GitFacts =
  | { kind: "none"; note?: string }
  | {
    kind: "repository" | "worktree" | "submodule";
    /** The `.git` file of a worktree or submodule; absent in a repository. */
    pointer?: MaskedPath;
    /** Directories git works in, outermost first: the common directory, in a repository `.git`. */
    dirs: MaskedPath[];
    /** What the host's git would execute or obey: read-only in `protected`. */
    protect: MaskedPath[];
    /** Such paths that do not exist and cannot be mounted: watched. */
    absent: string[];
    /** Sentences for the user. */
    warnings: string[];
  };

/** Everything {@link planMounts} looks at. */
export type WorkspaceFacts = {
  platform: "linux" | "darwin" | "windows";
  gitMode: Config["workspace"]["git"];
  /** The project first, then `workspace.dirs`, then `mounts`. */
  roots: MountRoot[];
  /** An empty regular file on the host, to hide files with. */
  emptyFile: string;
  /** Existing kind of each configured target that lies inside another root, by target. */
  innerTargets: Readonly<Record<string, "file" | "directory" | "absent">>;
};

/** How the workspace reaches the cage. */
export type MountPlan = {
  /** Parents before children. */
  mounts: CageMount[];
  watched: WatchedMask[];
  warnings: string[];
  /** Where the project is inside. */
  insidePath: string;
};
