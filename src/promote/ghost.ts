import type { Identity } from "./types.ts";

/** Names that nobody in particular has. */
const FIRST = [
  ...["Alex", "Casey", "Dana", "Devon", "Elliot", "Frankie", "Harper", "Jamie", "Jordan", "Kai"],
  ...["Kendall", "Lee", "Logan", "Morgan", "Noel", "Parker", "Quinn", "Reese", "Riley", "Robin"],
  ...["Rowan", "Sam", "Sasha", "Sidney", "Skyler", "Taylor", "Toni", "Val"],
];
const LAST = [
  ...["Abbott", "Barnes", "Carver", "Dalton", "Ellis", "Fisher", "Grant", "Hayes", "Ingram"],
  ...["Jensen", "Keller", "Lowell", "Mercer", "Norris", "Olsen", "Porter", "Quimby", "Reeves"],
  ...["Sawyer", "Thorne", "Upton", "Vance", "Walsh", "Yates"],
];

/**
 * Who commits inside: made up anew for each cage. The address is of a domain that nobody can have.
 *
 * @param random Numbers from 0 up to 2³²; three of them.
 * @see {@link https://www.rfc-editor.org/rfc/rfc2606#section-3}
 */
export function planGhost(random: ArrayLike<number>): Identity {
  const first = FIRST[random[0]! % FIRST.length]!;
  const last = LAST[random[1]! % LAST.length]!;
  const number = random[2]! % 90 + 10;
  return {
    name: `${first} ${last}`,
    email: `${first}.${last}${number}@example.com`.toLowerCase(),
  };
}
