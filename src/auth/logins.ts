import { join } from "node:path";
import type { Run } from "../engine/process.ts";
import { findText } from "../files.ts";
import type { Host } from "../host.ts";
import type { ServiceDefinition } from "../service/definition.ts";

/** A login of the host, as it is to stand below the cage's home. */
export type LoginFile = {
  /** Relative to the home, `.claude/.credentials.json`. */
  path: string;
  text: string;
  /** For people: where it came from. */
  source: string;
};

/**
 * Of these files only the login travels: the rest is the user's history with other projects, which
 * no agent in a cage has to know.
 */
const LOGIN_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  [".claude.json", ["oauthAccount", "userID", "hasCompletedOnboarding", "lastOnboardingVersion"]],
]);

/** Collects the logins of a service that this machine has. */
export async function collectLogins(
  auth: ServiceDefinition["auth"],
  options: { host: Host; run: Run },
): Promise<LoginFile[]> {
  const logins: LoginFile[] = [];
  for (const path of auth.files) {
    const source = join(options.host.home, path);
    const text = await findText(source);
    if (text === undefined) continue;
    const picked = pickLogin(path, text);
    if (picked !== undefined) logins.push({ path, text: picked, source });
  }
  const { keychain } = auth;
  if (keychain !== undefined && options.host.platform === "darwin") {
    const text = await findKeychainItem(keychain.item, options.run);
    if (text !== undefined) {
      // The keychain is what the agent itself uses on macOS; a file beside it is older.
      const rest = logins.filter(({ path }) => path !== keychain.file);
      return [...rest, { path: keychain.file, text, source: `Keychain item ${keychain.item}` }];
    }
  }
  return logins;
}

/** Reduces a file to the part that is a login; `undefined` when it holds none. Pure. */
export function pickLogin(path: string, text: string): string | undefined {
  const keys = LOGIN_KEYS.get(path);
  if (keys === undefined) return text;
  const value = parseObject(text);
  const picked = keys.filter((key) => key in value).map((key) => [key, value[key]]);
  return picked.length === 0
    ? undefined
    : JSON.stringify(Object.fromEntries(picked), null, 2) + "\n";
}

/** Puts a login into a file that the cage may already have, keeping what is there. Pure. */
export function mergeLogin(login: LoginFile, present: string | undefined): string {
  if (present === undefined || !LOGIN_KEYS.has(login.path)) return login.text;
  return JSON.stringify({ ...parseObject(present), ...parseObject(login.text) }, null, 2) + "\n";
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {}; // A file that its agent could not read either.
  }
}

/** @see {@link https://ss64.com/mac/security-find-password.html} */
async function findKeychainItem(item: string, run: Run): Promise<string | undefined> {
  // The user may be asked to allow it: a minute is for a person.
  const result = await run("security", ["find-generic-password", "-s", item, "-w"], {
    timeoutMs: 60_000,
  });
  const text = result.stdout.trim();
  return result.code === 0 && text !== "" ? text + "\n" : undefined;
}
