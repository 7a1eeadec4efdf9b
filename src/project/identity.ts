import { sha256Hex } from "../hash.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Project } from "./root.ts";

/** Longest readable part of a cage id: ids become container names, hostnames and volume names. */
const MAX_BASENAME = 32;

/** Longest name a user may give: container names add a service and a suffix. */
const MAX_NAME = 40;

/** What compose accepts as a project name. */
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

/**
 * The id of a project's cage: its given name, or `<basename>-<first 12 hex digits of SHA-256 of the
 * canonical path>`. Always a valid compose project name.
 *
 * @throws {UserError} `usage` when `name` is not one.
 * @see {@link https://docs.docker.com/compose/how-tos/project-name/}
 */
export function cageId(project: Pick<Project, "path" | "basename">, name?: string): string {
  if (name !== undefined) return parseCageName(name);
  const hash = sha256Hex(project.path).slice(0, 12);
  return `${formatSlug(project.basename) || "project"}-${hash}`;
}

/**
 * Reads the name that a user gives a cage.
 *
 * @throws {UserError} `usage` when it is none.
 */
export function parseCageName(name: string): string {
  if (NAME.test(name) && name.length <= MAX_NAME) return name;
  throw new UserError(`Cannot use ${JSON.stringify(name)} as a cage name`, {
    hint: `Give lower-case letters, digits, "-" and "_", starting with a letter or digit, ` +
      `at most ${MAX_NAME} characters, for example: --name review`,
    exit: EXIT.usage,
    code: "usage",
  });
}

/** What of a file's name can stand in an id: lower case, no accents; `""` when nothing is left. */
export function formatSlug(basename: string): string {
  return basename.normalize("NFKD").toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, MAX_BASENAME)
    .replace(/[^a-z0-9]+$/, "");
}
