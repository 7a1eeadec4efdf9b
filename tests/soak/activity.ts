import type { Random } from "../fuzz/random.ts";
import type { Late } from "./late.ts";

/** One way in which people use sandcage. */
export type Activity = {
  name: string;
  /** Plays in each round. */
  weight: number;
  /** Makes what its plays need: a world, an image, what runs for the whole time. */
  open(): Promise<OpenActivity>;
};

/** One that can be played; disposing it removes all that it made. */
export type OpenActivity = AsyncDisposable & {
  /**
   * Plays it once.
   *
   * @throws If sandcage did anything wrong.
   */
  play(play: Play): Promise<void>;
  /** What lives as long as it does. */
  residents: readonly Resident[];
  /** What of sessions that it killed may be there for a while. */
  late?(): Promise<Late[]>;
};

/** What one play is given. */
export type Play = {
  random: Random;
  /** How many times it was played before. */
  index: number;
};

/** A process that must neither end nor grow. */
export type Resident = { name: string; pid: number };
