import { EXIT, UserError } from "../errors.ts";
import type { Case } from "./case.ts";

/** Which cases are asked for; nothing asks for all. */
export type Selection = {
  suites: readonly string[];
  ids: readonly string[];
  /** The subset that takes seconds. */
  quick: boolean;
};

/**
 * Picks the cases of a run, in the order of the list. Pure.
 *
 * @throws {UserError} Of code `usage` for a suite or an id that is not there, or when nothing is left.
 */
export function selectCases(cases: readonly Case[], selection: Selection): Case[] {
  const suites = [...new Set<string>(cases.map(({ suite }) => suite))];
  const unknownSuite = selection.suites.find((name) => !suites.includes(name));
  if (unknownSuite !== undefined) {
    throw refuse(`There is no suite "${unknownSuite}"`, `Suites: ${suites.join(", ")}`);
  }
  const ids = selection.ids.map((id) => id.toUpperCase());
  const unknown = ids.find((id) => !cases.some((each) => each.id === id));
  if (unknown !== undefined) {
    throw refuse(`There is no case ${unknown}`, `Cases: ${cases.map(({ id }) => id).join(" ")}`);
  }
  const picked = cases.filter((each) =>
    (selection.suites.length === 0 || selection.suites.includes(each.suite)) &&
    (ids.length === 0 || ids.includes(each.id)) &&
    (!selection.quick || each.quick)
  );
  if (picked.length === 0) {
    throw refuse("Nothing is left to verify", "Leave out --case, --suite or --quick");
  }
  return picked;
}

function refuse(message: string, hint: string): UserError {
  return new UserError(message, { hint, exit: EXIT.usage, code: "usage" });
}
