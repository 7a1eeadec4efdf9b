/** A wall that is taken out, and the cases that must see it: these, and no other of their suite. */
export type Hole<Change> = {
  /** What `brokenBy` of its cases says. */
  name: string;
  /** Takes the wall out. */
  change: Change;
  /** Ids of the cases that turn red. */
  red: readonly string[];
};
