/** Sizes and durations as the config spells them, as numbers. */

const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Bytes of a size the schema accepted, for example `8g`; all units are powers of 1024, as docker
 * counts them.
 */
export function parseByteSize(text: string): number {
  return Math.floor(parseQuantity(text, BYTES));
}

/** Milliseconds of a duration the schema accepted, for example `30m`. */
export function parseDurationMs(text: string): number {
  return parseQuantity(text, MILLISECONDS);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number {
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text.toLowerCase());
  const unit = match === null ? undefined : units[match[2] ?? ""];
  if (match === null || unit === undefined) throw new TypeError(`Not a quantity: ${text}`);
  return Number(match[1]) * unit;
}
