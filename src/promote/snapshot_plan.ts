import { latin1 } from "./bytes.ts";
import type { ObjectId } from "./types.ts";

/** One tracked file of a commit; the path is bytes, one in each character. */
export type TrackedFile = { mode: string; oid: ObjectId; path: string };

/** What of a commit stays outside, and what goes in changed. */
export type SnapshotPlan = {
  dropped: readonly string[];
  /** Ignore files, which may name sandcage's own. */
  ignoreFiles: readonly TrackedFile[];
};

/** Examples of an environment file are written to be read. */
const ENV_EXAMPLE = /^\.env\.(?:example|sample|template|dist|defaults?)$/;

const ENV = /^\.env(?:\..+)?$/;

/** Configuration, its backups, and what exports may replace. */
const OWN = /^\.sandcage.*\.(?:ya?ml|toml)(?:\.[^/]*)?$|^\.cageprotect$/;

/** A line of an ignore file that names sandcage's own files. */
const OWN_LINE = /^!?(?:\*\*)?\/?\.(?:sandcage[^\s/]*|cageprotect)\s*$/;

/**
 * Reads what `git ls-tree -r -z` writes.
 *
 * @throws {Error} If a row of it has another form.
 */
export function parseTracked(bytes: Uint8Array): TrackedFile[] {
  return latin1(bytes).split("\0").filter((row) => row !== "").map((row) => {
    const match = /^(\d{6}) \w+ ([0-9a-f]{40})\t(.*)$/s.exec(row);
    if (match === null) throw new Error(`git told a file as ${JSON.stringify(row)}`);
    return { mode: match[1]!, oid: match[2]!, path: match[3]! };
  });
}

/** Decides what of a commit stays outside: environment files and sandcage's own. Pure. */
export function planSnapshot(files: readonly TrackedFile[]): SnapshotPlan {
  return {
    dropped: files.filter(({ path }) => staysOutside(path)).map(({ path }) => path),
    ignoreFiles: files.filter(({ path, mode }) =>
      nameOf(path) === ".gitignore" && mode.startsWith("100")
    ),
  };
}

/** Whether a tracked file must not be seen inside. Pure. */
export function staysOutside(path: string): boolean {
  const name = nameOf(path).toLowerCase();
  return OWN.test(name) || (ENV.test(name) && !ENV_EXAMPLE.test(name));
}

/**
 * An ignore file without the lines that name sandcage's own files; `undefined` where there is none of
 * them. Bytes, one in each character. Pure.
 */
export function withoutOwnLines(text: string): string | undefined {
  const lines = text.split(/(?<=\n)/);
  const kept = lines.filter((line) => !OWN_LINE.test(line.trimEnd()));
  return kept.length === lines.length ? undefined : kept.join("");
}

/**
 * The commit that a repository inside begins with. Its day is the only thing it tells.
 *
 * @param nowMs Milliseconds since 1970.
 */
export function formatSnapshotCommit(
  tree: ObjectId,
  options: { ghost: { name: string; email: string }; nowMs: number },
): string {
  const { ghost, nowMs } = options;
  const day = Math.floor(nowMs / DAY_MS) * DAY_MS / 1000;
  const who = `${ghost.name} <${ghost.email}> ${day} +0000`;
  return `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nInitial commit\n`;
}

const DAY_MS = 86_400_000;

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
