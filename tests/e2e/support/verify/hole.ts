/** A wall that is taken out, and the cases that must see it: these, and no other of their suite. */
export type Hole<Change> = {
  /** What `brokenBy` of its cases says. */
  name: string;
  /** Takes the wall out. */
  change: Change;
  /** Ids of the cases that turn red. */
  red: readonly string[];
  /** Ids of those that see it or not by what nobody decides, such as the order of interfaces. */
  either?: readonly string[];
};
