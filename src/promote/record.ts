import type { Identity, Pin } from "./types.ts";

/** What the configuration said about promoted commits when the cage was started last. */
export type PromoteSettings = {
  /** Whose name promoted commits carry. */
  identity: Identity;
  /** Pause between two looks for new commits, in milliseconds. */
  intervalMs: number;
  /** Whether they are signed with the user's own key. */
  sign: boolean;
  /** Other branches that come out; `*` is any text. Absent where none do. */
  branches?: readonly string[];
  /** Image that has git, for looks while nothing runs. */
  image: string;
};

/** What is remembered of a cage whose commits come back by themselves. */
export type PromoteRecord = PromoteSettings & {
  pin: Pin;
  /** Who commits inside: nobody. */
  ghost: Identity;
};

/** Names of the volumes, and the start of those of homes, of a cage that tells nothing inside. */
export type PlainNames = { volumes: { work: string; checkpoints: string }; plainHome: string };

/**
 * Plans them: what is mounted is told inside, by its name.
 *
 * @param random Twelve hex digits.
 */
export function planPlainNames(random: string): PlainNames {
  return {
    volumes: { work: `work-${random}`, checkpoints: `checkpoints-${random}` },
    plainHome: `home-${random}`,
  };
}
