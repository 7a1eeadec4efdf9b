import { dirname, join } from "node:path";
import { findText, lockFile, writeFileAtomic } from "../files.ts";
import { PLACEHOLDER_PATTERN, PLACEHOLDER_PREFIX } from "../policy/protocol.ts";

/** The placeholders as they lie on the disk. */
type PlaceholderFile = { schema: 1; placeholders: Record<string, string> };

/** Characters of a placeholder behind its prefix. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Characters behind the prefix: 206 bits, never guessed and never met by chance. */
const LENGTH = 40;

/**
 * What stands for each secret inside a cage. The same in every session: agents remember the keys
 * their user approved by their text.
 */
export async function ensurePlaceholders(
  stateDir: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const path = join(stateDir, "secrets", "placeholders.json");
  const known = await readPlaceholders(path);
  if (names.every((name) => known.has(name))) return pick(known, names);
  using _lock = await lockFile(join(dirname(path), "placeholders.lock"));
  // Another session may have made them while this one waited.
  const all = await readPlaceholders(path);
  for (const name of names) {
    if (!all.has(name)) all.set(name, makePlaceholder());
  }
  await writePlaceholders(path, all);
  return pick(all, names);
}

/** Forgets what stands for secrets that nobody will ask for again. */
export async function forgetPlaceholders(
  stateDir: string,
  names: readonly string[],
): Promise<void> {
  const path = join(stateDir, "secrets", "placeholders.json");
  using _lock = await lockFile(join(dirname(path), "placeholders.lock"));
  const all = await readPlaceholders(path);
  for (const name of names) all.delete(name);
  await writePlaceholders(path, all);
}

async function writePlaceholders(
  path: string,
  all: ReadonlyMap<string, string>,
): Promise<void> {
  const file: PlaceholderFile = { schema: 1, placeholders: Object.fromEntries(all) };
  await writeFileAtomic(path, `${JSON.stringify(file, null, 2)}\n`);
}

/** Reads what can be read: a lost placeholder is made anew and costs one more approval. */
async function readPlaceholders(path: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  const text = await findText(path);
  if (text === undefined) return known;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return known;
    throw error;
  }
  const { placeholders } = (value ?? {}) as Partial<PlaceholderFile>;
  for (const [name, placeholder] of Object.entries(placeholders ?? {})) {
    if (isPlaceholder(placeholder)) known.set(name, placeholder);
  }
  return known;
}

function isPlaceholder(value: unknown): value is string {
  return typeof value === "string" && value.replace(PLACEHOLDER_PATTERN, "") === "" &&
    value.length === PLACEHOLDER_PREFIX.length + LENGTH;
}

function makePlaceholder(): string {
  let text = "";
  // The largest multiple of the alphabet's size below 256: every character is equally likely.
  const limit = 256 - 256 % ALPHABET.length;
  while (text.length < LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(LENGTH))) {
      if (byte < limit && text.length < LENGTH) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return PLACEHOLDER_PREFIX + text;
}

function pick(all: ReadonlyMap<string, string>, names: readonly string[]): Map<string, string> {
  return new Map(names.map((name) => [name, all.get(name)!]));
}
