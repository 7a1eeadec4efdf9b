import { join } from "node:path";
import { lockFile, writeFileAtomic } from "../files.ts";
import type { Host } from "../host.ts";
import { fileProblem } from "./problem.ts";
import { readConfigText } from "./read.ts";

/** One yes of the user. */
export type StoredGrant = {
  key: string;
  /** SHA-256 of the key, the value, and the content of the file the value names. */
  sha256: string;
  /** The value as it was shown, masked where it looked like a credential. */
  shown: string;
};

/** The content of `trust.json`. */
export type TrustFile = {
  schema: 1;
  /** By canonical path of the project. */
  projects: Record<string, { grants: StoredGrant[] }>;
};

/**
 * Reads `trust.json`; nothing is trusted when it does not exist.
 *
 * @throws {UserError} If it is damaged: guessing what was granted is not safe.
 */
export async function readTrust(host: Pick<Host, "stateDir">): Promise<TrustFile> {
  const file = trustPath(host);
  const text = await readConfigText(file);
  if (text === undefined) return { schema: 1, projects: {} };
  try {
    return parseTrust(JSON.parse(text));
  } catch (cause) {
    throw fileProblem(file, "is damaged; nothing in it can be relied on", {
      cause,
      hint: `Remove it and answer again: ${file}`,
    });
  }
}

/**
 * Changes `trust.json` under a lock, by temporary file and rename: two sandcages at once lose no
 * answer, and a crash leaves the old file.
 */
export async function changeTrust(
  host: Pick<Host, "stateDir">,
  change: (trust: TrustFile) => TrustFile,
): Promise<void> {
  using _lock = await lockFile(join(host.stateDir, "trust.lock"));
  const next = change(await readTrust(host));
  await writeFileAtomic(trustPath(host), `${JSON.stringify(next, null, 2)}\n`);
}

function trustPath(host: Pick<Host, "stateDir">): string {
  return join(host.stateDir, "trust.json");
}

function parseTrust(value: unknown): TrustFile {
  const { schema, projects } = asObject(value);
  if (schema !== 1) throw new TypeError("unknown schema");
  const out: TrustFile = { schema: 1, projects: {} };
  for (const [path, project] of Object.entries(asObject(projects))) {
    const { grants } = asObject(project);
    if (!Array.isArray(grants)) throw new TypeError("grants is no list");
    out.projects[path] = { grants: grants.map(parseGrant) };
  }
  return out;
}

function parseGrant(value: unknown): StoredGrant {
  const { key, sha256, shown } = asObject(value);
  if (typeof key !== "string" || typeof sha256 !== "string" || typeof shown !== "string") {
    throw new TypeError("a grant is incomplete");
  }
  return { key, sha256, shown };
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("expected an object");
  }
  return value as Record<string, unknown>;
}
