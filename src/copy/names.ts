import { EXIT, UserError } from "../errors.ts";
import { formatSlug, parseCageName } from "../project/identity.ts";

/** Name of the directory inside that holds the project; no other may have it. */
export const PROJECT_ROOT = "project";

/**
 * The name of a new cage: the given one, else what its source is called. Pure.
 *
 * @throws {UserError} Of code `usage` when the given one cannot be one.
 */
export function planCageName(given: string | undefined, source: string): string {
  return given === undefined ? formatSlug(source) || "project" : parseCageName(given);
}

/**
 * Makes the id of a new cage: a name that is given a second time begins with nothing of the first.
 *
 * @param random Six hex digits.
 */
export function formatCopyId(name: string, random: string): string {
  return `${name}-${random}`;
}

/** Six random hex digits. */
export function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(3));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The name of an additional directory inside: the given one, else its own in lower case. Pure.
 *
 * @throws {UserError} Of code `usage` when it cannot be one, of code `conflict` when it is taken.
 */
export function planDirName(
  path: string,
  options: { given?: string | undefined; taken: readonly string[]; fix: string },
): string {
  const { given, taken, fix } = options;
  const name = given ?? formatSlug(path.split(/[\\/]/).filter((part) => part !== "").at(-1) ?? "");
  if (!/^[a-z0-9][a-z0-9_-]{0,39}$/.test(name)) {
    throw new UserError(
      given === undefined
        ? `The name of ${
          JSON.stringify(path)
        } has no letter or digit that a directory inside can have`
        : `Cannot use ${JSON.stringify(given)} as the name of a directory inside`,
      {
        hint: `Give lower-case letters, digits, "-" and "_": ${fix}`,
        exit: EXIT.usage,
        code: "usage",
      },
    );
  }
  if (name !== PROJECT_ROOT && !taken.includes(name)) return name;
  throw new UserError(
    name === PROJECT_ROOT
      ? `The name "${PROJECT_ROOT}" is that of the project itself: ${JSON.stringify(path)}`
      : `Another directory of the cage is called "${name}" already: ${JSON.stringify(path)}`,
    { hint: `Give it another name: ${fix}`, exit: EXIT.conflict, code: "conflict" },
  );
}
