import type { IgnoreMatcher } from "../tree/ignore_rules.ts";

/** How long git may take to list files, in milliseconds. */
const DEADLINE_MS = 10_000;

/**
 * Finds files that the host's repository tracks and its ignore rules match all the same: they do not
 * travel, which surprises. Answers with nothing where git is not there or has nothing to tell.
 *
 * @param root The user's own working tree, never one that an agent can write.
 * @param options.isLeftOut The rules of the transfer: what `.cageprotect` takes in again does travel.
 */
export async function findTrackedIgnored(
  root: string,
  options: { env: Readonly<Record<string, string | undefined>>; isLeftOut: IgnoreMatcher },
): Promise<string[]> {
  return pickLeftOut(await listTrackedIgnored(root, options), options.isLeftOut);
}

/** Those of the files that {@link listTrackedIgnored} gave which do not travel. Pure. */
export function pickLeftOut(tracked: readonly string[], isLeftOut: IgnoreMatcher): string[] {
  return tracked.filter((path) => isLeftOut(path, { directory: false }) !== undefined);
}

/** Asks git alone, as {@link findTrackedIgnored} does, before the rules of the transfer are known. */
export async function listTrackedIgnored(
  root: string,
  options: { env: Readonly<Record<string, string | undefined>> },
): Promise<string[]> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: [
        ...["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"],
        ...["ls-files", "--cached", "--ignored", "--exclude-standard", "-z"],
      ],
      cwd: root,
      clearEnv: true,
      env: { ...pickEnv(options.env), GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0" },
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).output();
    if (!success) return [];
    return [...new Set(new TextDecoder().decode(stdout).split("\0").filter(Boolean))];
  } catch {
    return [];
  }
}

/** Without the variables that lead git to another repository. */
function pickEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => {
      const [name, value] = pair;
      return value !== undefined && (!name.startsWith("GIT_") || name.startsWith("GIT_CONFIG_"));
    }),
  );
}
