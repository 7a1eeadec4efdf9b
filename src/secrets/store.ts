import { dirname, join } from "node:path";
import { EXIT, UserError } from "../errors.ts";
import { findText, lockFile, writeFileAtomic } from "../files.ts";

/** The store as it lies on the disk. */
type StoreFile = { schema: 1; secrets: Record<string, string> };

/** How reading reports what it had to put right. */
export type ReadOptions = {
  /** Told when others could read the store, and it was closed to them. */
  onRepair?: (path: string) => void;
};

/** Permission bits of everyone but the user. */
const OTHERS = 0o077;

/** Where secrets are kept: only the user can read it. */
export function storePath(stateDir: string): string {
  return join(stateDir, "secrets", "store.json");
}

/**
 * Reads every stored secret.
 *
 * @throws {UserError} If the store is damaged: overwriting it would lose what is in it.
 */
export async function readSecrets(
  stateDir: string,
  options: ReadOptions = {},
): Promise<ReadonlyMap<string, string>> {
  const path = storePath(stateDir);
  await repairMode(dirname(path), { mode: 0o700, ...options });
  await repairMode(path, { mode: 0o600, ...options });
  const text = await findText(path);
  if (text === undefined) return new Map();
  return new Map(Object.entries(parseStore(text, path).secrets));
}

/** Names of the stored secrets, sorted. */
export async function listSecrets(stateDir: string, options: ReadOptions = {}): Promise<string[]> {
  return [...(await readSecrets(stateDir, options)).keys()].sort();
}

/** Stores a secret, in place of one of that name. */
export async function setSecret(
  stateDir: string,
  secret: { name: string; value: string },
  options: ReadOptions = {},
): Promise<void> {
  await changeStore(stateDir, { ...options, change: (all) => all.set(secret.name, secret.value) });
}

/** Removes a secret; tells whether there was one. */
export async function removeSecret(
  stateDir: string,
  name: string,
  options: ReadOptions = {},
): Promise<boolean> {
  let found = false;
  await changeStore(stateDir, { ...options, change: (all) => (found = all.delete(name)) });
  return found;
}

async function changeStore(
  stateDir: string,
  options: ReadOptions & { change: (secrets: Map<string, string>) => unknown },
): Promise<void> {
  const path = storePath(stateDir);
  using _lock = await lockFile(join(dirname(path), "store.lock"));
  const secrets = new Map(await readSecrets(stateDir, options));
  options.change(secrets);
  const file: StoreFile = { schema: 1, secrets: Object.fromEntries(secrets) };
  await writeFileAtomic(path, `${JSON.stringify(file, null, 2)}\n`);
}

async function repairMode(path: string, options: ReadOptions & { mode: number }): Promise<void> {
  // Windows keeps others out by the access list of the profile.
  if (Deno.build.os === "windows") return;
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (((info.mode ?? 0) & OTHERS) === 0) return;
  await Deno.chmod(path, options.mode);
  options.onRepair?.(path);
}

function parseStore(text: string, path: string): StoreFile {
  try {
    const value: unknown = JSON.parse(text);
    if (isStoreFile(value)) return value;
  } catch (error) {
    // The message of the parser repeats a piece of the text.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UserError(`${path}: is damaged; no secret can be read from it`, {
    hint: `Restore it from a backup, or move it away and store the secrets again: ` +
      "sandcage secret set NAME",
    exit: EXIT.config,
    code: "config-invalid",
  });
}

function isStoreFile(value: unknown): value is StoreFile {
  if (typeof value !== "object" || value === null) return false;
  const { schema, secrets } = value as Partial<StoreFile>;
  return schema === 1 && typeof secrets === "object" && secrets !== null &&
    !Array.isArray(secrets) && Object.values(secrets).every((one) => typeof one === "string");
}
