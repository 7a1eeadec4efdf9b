import { quotePath } from "./visible.ts";

/** Whose file system names end up on. */
export type Platform = "linux" | "darwin" | "windows";

/** Bytes of one name, and of a whole path: what Linux and macOS take (NAME_MAX, PATH_MAX). */
const MOST_NAME_BYTES = 255;
const MOST_PATH_BYTES = 4096;

/** Code points that HFS+ leaves out when it compares names, as git lists them (utf8.c). */
const HFS_IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * `.git` as any file system may read it: in any case (Turkish i included), as NTFS's short name,
 * and with what NTFS drops from the end of a name or takes for a stream of the file.
 */
const GIT_NAME = /^(?:\.g[iıİ]t|g[iıİ]t~\d+)[. ]*(?::|$)/iu;

/** What the Win32 calls open instead of a file, with whatever comes after a dot. */
const DOS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(?:\.|$)/i;

/** What no name on Windows may hold; a colon would open a stream of another file. */
// deno-lint-ignore no-control-regex
const WINDOWS_REFUSED = /[\x01-\x1f<>:"|?*]/;

/**
 * Why a path from a stream or a scan may not be written below a root; `undefined` when it may. Words
 * for people that follow the path, as in `"a/../b": it has the part ".."`.
 *
 * A backslash is refused on every host: Windows takes it for a separator, so that one name inside
 * would be a path there, and a tree that crosses here must be one that crosses everywhere. The names
 * that only Windows reads in ways of its own are refused only there.
 */
export function checkEntryPath(
  path: string,
  options: { platform: Platform },
): string | undefined {
  if (path === "") return "it is empty";
  if (path.startsWith("/")) return "it is absolute";
  if (path.includes("\0")) return "it holds a NUL";
  if (path.includes("\\")) return "it holds a backslash, which is a separator on Windows";
  if (!path.isWellFormed()) return "it is not valid Unicode";
  if (isLongerUtf8(path, MOST_PATH_BYTES)) {
    return `it is longer than ${MOST_PATH_BYTES} bytes`;
  }
  for (const part of path.split("/")) {
    const problem = checkPart(part, options.platform);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Why a symlink may not be made; `undefined` when it may. The target must be relative and stay
 * inside of the root, `.git` left out; only at its start may it go up. With parents that are real
 * directories, and links that all pass this, no chain of links leads outside. Links that are on a
 * disk already are not looked at: whoever writes does that.
 */
export function checkLinkTarget(path: string, target: string): string | undefined {
  if (target === "") return "it is a link to nothing";
  if (target.includes("\0")) return "it is a link whose target holds a NUL";
  if (!target.isWellFormed()) return "it is a link whose target is not valid Unicode";
  if (target.includes("\\")) return "it is a link whose target holds a backslash";
  if (target.startsWith("/")) return `it is a link to an absolute path, ${quotePath(target)}`;
  if (isLongerUtf8(target, MOST_PATH_BYTES - 1)) {
    return `it is a link whose target is longer than ${MOST_PATH_BYTES - 1} bytes`;
  }
  let ups = 0;
  let isDown = false;
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      isDown = true;
      if (isGitName(part)) return `it is a link into git's own files, ${quotePath(target)}`;
    } else if (isDown) {
      return `it is a link whose target goes up after it went down, ${quotePath(target)}`;
    } else ups++;
  }
  const depth = path.split("/").length - 1;
  return ups > depth ? `it is a link that leads outside, ${quotePath(target)}` : undefined;
}

/**
 * Finds paths of one stream that a file system takes for the same name: in another case, or with
 * accents composed in another way. Their directories count too. The function made answers for one
 * path after the other, with why it is refused.
 *
 * @param options.folds Whether the host's file system folds names; without it nothing is refused or
 * remembered.
 */
export function createTwinCheck(
  options: { folds: boolean },
): (path: string) => string | undefined {
  if (!options.folds) return () => undefined;
  const known = new Map<string, string>();
  const check = (path: string): string | undefined => {
    const folded = fold(path);
    const other = known.get(folded);
    if (other === path) return undefined;
    if (other !== undefined) return `this file system takes it for ${quotePath(other)}`;
    known.set(folded, path);
    const slash = path.lastIndexOf("/");
    return slash < 0 ? undefined : check(path.slice(0, slash));
  };
  return check;
}

function checkPart(part: string, platform: Platform): string | undefined {
  if (part === "") return "it has an empty part";
  if (part === "." || part === "..") return `it has the part "${part}"`;
  if (isLongerUtf8(part, MOST_NAME_BYTES)) {
    return `it has a name longer than ${MOST_NAME_BYTES} bytes`;
  }
  if (isGitName(part)) return `git could take ${quotePath(part)} for its own ".git"`;
  return platform === "windows" ? checkWindowsPart(part) : undefined;
}

function checkWindowsPart(part: string): string | undefined {
  const shown = quotePath(part);
  const refused = WINDOWS_REFUSED.exec(part);
  if (refused !== null) return `Windows has no name with ${quotePath(refused[0])}: ${shown}`;
  if (/[. ]$/.test(part)) return `Windows drops the end of ${shown}`;
  return DOS_DEVICE.test(part) ? `${shown} is a device on Windows` : undefined;
}

function isGitName(part: string): boolean {
  return GIT_NAME.test(part.replace(HFS_IGNORED, ""));
}

/** Whether a text is of more bytes as UTF-8, in which a UTF-16 unit is three at most. */
export function isLongerUtf8(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && ENCODER.encode(text).length > bytes;
}

// Down and up again, because some letters meet only in one direction (ſ and s, K and k, ς and σ).
function fold(path: string): string {
  return path.replace(HFS_IGNORED, "").normalize("NFC").toLowerCase().toUpperCase()
    .normalize("NFC");
}

const ENCODER = new TextEncoder();
