import { concat, fromLatin1, latin1 } from "./bytes.ts";
import type { Git } from "./git.ts";

/** Settings of the user's repository that matter to a landing. */
export type HostSettings = {
  /** Settings of filter drivers, by name of the driver; the last value counts. */
  filters: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The file system takes names in other case for the same. */
  foldsCase: boolean;
  /** The executable bit is git's to look at. */
  hasModes: boolean;
  /** Links are made as links, not as files that hold where they lead. */
  hasLinks: boolean;
  isSparse: boolean;
};

/**
 * Reads the settings from the user's configuration; nothing the cage can write is in it.
 *
 * @throws {UserError} If it cannot be read.
 */
export async function readSettings(git: Git): Promise<HostSettings> {
  const names = "^(filter\\..*|core\\.(ignorecase|filemode|symlinks|sparsecheckout))$";
  const told = await git.run(["config", "-z", "--get-regexp", names]);
  return parseSettings(new TextDecoder().decode(told.stdout));
}

/** Reads what `git config -z --get-regexp` writes. Names of drivers are case-sensitive. */
export function parseSettings(text: string): HostSettings {
  const filters = new Map<string, Map<string, string>>();
  const core = new Map<string, boolean>();
  for (const record of text.split("\0")) {
    if (record === "") continue;
    const end = record.indexOf("\n");
    const [key, value] = end < 0
      ? [record, undefined]
      : [record.slice(0, end), record.slice(end + 1)];
    const filter = /^filter\.(.*)\.([^.]+)$/s.exec(key);
    if (filter === null) core.set(key, isTrue(value));
    else {
      const driver = filters.get(filter[1]!) ?? new Map<string, string>();
      filters.set(filter[1]!, driver.set(filter[2]!, value ?? "true"));
    }
  }
  return {
    filters,
    foldsCase: core.get("core.ignorecase") ?? false,
    hasModes: core.get("core.filemode") ?? true,
    hasLinks: core.get("core.symlinks") ?? true,
    isSparse: core.get("core.sparsecheckout") ?? false,
  };
}

/** Settings for calls of git that must run no filter, behind `-c`. */
export function planNoFilters(settings: Pick<HostSettings, "filters">): string[] {
  return [...settings.filters.keys()].flatMap((name) => [
    `filter.${name}.clean=`,
    `filter.${name}.smudge=`,
    `filter.${name}.process=`,
    `filter.${name}.required=false`,
  ]);
}

/**
 * Whether a file of this filter comes out of a checkout as it is in the repository, so that it can
 * be written without running anything. A driver that nobody set up does nothing; git-lfs can be told
 * to leave its pointers; `cat` is what filters are given that work in one direction only.
 */
export function isHarmlessFilter(name: string, settings: Pick<HostSettings, "filters">): boolean {
  const driver = settings.filters.get(name);
  if (driver === undefined) return true;
  const [process, smudge] = [driver.get("process") ?? "", driver.get("smudge") ?? ""];
  if (name === "lfs" && isLfsSkip(process || smudge)) return true;
  if (process !== "") return false;
  if (smudge !== "") return smudge.trim() === "cat";
  return !isTrue(driver.get("required") ?? "false");
}

/**
 * Those of some paths that have a filter which would have to run, as the attributes of an index say.
 *
 * @param paths Bytes, one in each character.
 * @param options.env Says which index.
 * @throws {UserError} If git cannot tell.
 */
export async function findFiltered(
  git: Git,
  paths: readonly string[],
  options: { settings: HostSettings; env: Readonly<Record<string, string>> },
): Promise<{ path: string; filter: string }[]> {
  if (paths.length === 0 || options.settings.filters.size === 0) return [];
  const told = await git.read(["check-attr", "-z", "--cached", "--stdin", "filter"], {
    what: "Cannot read the attributes of files",
    env: options.env,
    stdin: concat(paths.map((path) => fromLatin1(`${path}\0`))),
  });
  const fields = latin1(told).split("\0");
  const found: { path: string; filter: string }[] = [];
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const path = fields[index]!;
    const filter = new TextDecoder().decode(fromLatin1(fields[index + 2]!));
    if (["unspecified", "unset", "set", ""].includes(filter)) continue;
    if (!isHarmlessFilter(filter, options.settings)) found.push({ path, filter });
  }
  return found;
}

function isLfsSkip(command: string): boolean {
  return /^git-lfs\s.*--skip(?:\s|$)/.test(command);
}

function isTrue(value: string | undefined): boolean {
  return value === undefined || /^(?:true|yes|on|[1-9]\d*)$/i.test(value);
}
