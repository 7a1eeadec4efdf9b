import { parseGitConfig } from "../project/git_config.ts";

/**
 * Keys that cannot make git run anything or look elsewhere: what `git init`, `git clone`,
 * `git submodule add` and `git config user.name` write.
 */
const HARMLESS = [
  /^core\.(repositoryformatversion|filemode|bare|logallrefupdates|symlinks|ignorecase)$/,
  /^core\.(precomposeunicode|autocrlf|eol)$/,
  /^extensions\.objectformat$/,
  /^user\.(name|email)$/,
  /^remote\..+\.(fetch|tagopt)$/,
  /^branch\..+\.(remote|merge|rebase)$/,
  /^submodule\..+\.active$/,
  /^submodule\.active$/,
];

/** Keys that are harmless with an ordinary address: no transport helper, no option. */
const ADDRESSES = [/^remote\..+\.(url|pushurl)$/, /^submodule\..+\.url$/];

/** Asks whether a git config an agent made anew can be left on the host as it is. */
export function isHarmlessConfig(text: string): boolean {
  try {
    return parseGitConfig(text).every(({ key, value }) =>
      HARMLESS.some((known) => known.test(key)) ||
      // A submodule's own config says where its files are; up and down within the repository.
      (key === "core.worktree" && /^(\.\.\/)+[^/]/.test(value)) ||
      (ADDRESSES.some((known) => known.test(key)) && isOrdinaryAddress(value))
    );
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function isOrdinaryAddress(value: string): boolean {
  return !value.startsWith("-") && !/^[A-Za-z0-9+.-]+::/.test(value) && !/[\n\r\0]/.test(value);
}

/** A config to stand in for one that was taken away: git still finds its repository. */
export const PLAIN_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n";
