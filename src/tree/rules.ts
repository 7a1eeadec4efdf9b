/** The text of one file of gitignore patterns, and the directory it stands for. */
export type RuleSource = {
  /** Relative to the root, `""` for the root itself. */
  base: string;
  /** Of a file above the root: where the root is below its directory. `base` is empty then. */
  under?: string;
  text: string;
  /** For people: `.gitignore`, `src/.gitignore`, `.git/info/exclude`. */
  origin: string;
};

/** What of a tree stays where it is. Later sources win over earlier ones, as in git. */
export type TreeRules = readonly RuleSource[];
