import { parseArgs } from "node:util";

/** The two groups of tests. */
export const GROUPS = ["unit", "e2e"] as const;

/** One of {@link GROUPS}. */
export type Group = typeof GROUPS[number];

/** What to run. */
export type TestOptions = {
  groups: readonly Group[];
  /** Only tests whose name contains this, or matches it when written `/…/`. */
  filter?: string;
  /** Files instead of everything in the groups. */
  files: readonly string[];
};

/** Help of `deno task test`. */
export const USAGE = `deno task test [--only unit|e2e] [--filter TEXT] [FILE…]

Runs every test, engine included, and ends with "N passed, N failed".`;

/**
 * Reads the command line.
 *
 * @throws {TypeError} If it is wrong, with the words to show.
 */
export function parseTestOptions(args: readonly string[]): TestOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { only: { type: "string" }, filter: { type: "string" } },
    allowPositionals: true,
  });
  const only = GROUPS.find((group) => group === values.only);
  if (values.only !== undefined && only === undefined) {
    throw new TypeError(`Cannot read --only: got "${values.only}", expected unit or e2e`);
  }
  const named = GROUPS.filter((group) =>
    positionals.some((file) => file.includes(`tests/${group}/`))
  );
  return {
    groups: only !== undefined ? [only] : positionals.length > 0 ? named : GROUPS,
    files: positionals,
    ...(values.filter === undefined ? {} : { filter: values.filter }),
  };
}
