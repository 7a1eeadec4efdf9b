/** Version ranges as npm and Python write them, reduced to "which of these lines fits". Pure. */

type Bound = { operator: string; parts: number[]; wild: boolean };

/**
 * Finds the first of some version lines that a range allows. A line such as `22` or `3.12` stands for
 * its newest release.
 *
 * @param lines Preferred first.
 * @returns `undefined` when none fits or the range cannot be read.
 * @see {@link https://docs.npmjs.com/cli/configuring-npm/package-json#engines} and
 * {@link https://packaging.python.org/en/latest/specifications/version-specifiers/}
 */
export function findFitting(range: string, lines: readonly string[]): string | undefined {
  const alternatives = range.split("||").map(parseBounds).filter((bounds) => bounds.length > 0);
  return lines.find((line) => {
    const parts = line.split(".").map(Number);
    return alternatives.some((bounds) => bounds.every((bound) => isWithin(parts, bound)));
  });
}

function parseBounds(range: string): Bound[] {
  const spaced = range.replace(/\s+-\s+/g, " <=").replace(/([<>=~^!]+)\s+/g, "$1");
  const words = spaced.split(/[\s,]+/).filter((word) => word !== "");
  const hyphen = /\s+-\s+/.test(range);
  return words.flatMap((word, index): Bound[] => {
    const match = /^(>=|<=|>|<|\^|~=|~>|~|===|==|=|!=)?v?(\d+(?:\.\d+)*)?(\.[xX*])?/.exec(word);
    const [, operator = "", digits, wild] = match ?? [];
    if (digits === undefined) return /^[*xX]$/.test(word) ? [ANYTHING] : [];
    const first = hyphen && index === 0 ? ">=" : operator;
    return [{ operator: first, parts: digits.split(".").map(Number), wild: wild !== undefined }];
  });
}

const ANYTHING: Bound = { operator: ">=", parts: [0], wild: false };

function isWithin(line: readonly number[], bound: Bound): boolean {
  const { operator, parts } = bound;
  const order = compareParts(line, parts);
  switch (operator) {
    case ">=":
      return order >= 0;
    case ">":
      return parts.length > line.length ? order >= 0 : order > 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "^":
      return order >= 0 && line[0] === parts[0];
    case "~=":
    case "~>":
      return order >= 0 && isSame(line, parts.slice(0, Math.max(1, parts.length - 1)));
    case "~":
      return order >= 0 && isSame(line, parts.slice(0, 2));
    case "!=":
      return bound.wild ? order !== 0 : true;
    default:
      return order === 0;
  }
}

function isSame(line: readonly number[], parts: readonly number[]): boolean {
  return compareParts(line, parts) === 0;
}

// Only what both name is compared: `3.12` equals `3.12.4` and `3`.
function compareParts(line: readonly number[], parts: readonly number[]): number {
  for (let index = 0; index < Math.min(line.length, parts.length); index++) {
    const difference = line[index]! - parts[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
