import type { TreeEntry, TreeItem } from "./entry.ts";
import type { TreeFs, TreeStat } from "./fs.ts";
import { checkEntryPath, checkLinkTarget, type Platform } from "./paths.ts";

/** Longest name, and path, that needs no closer look. */
const [PLAIN_NAME, PLAIN_PATH] = [80, 1000];

/** Characters of names that no file system reads in a way of its own: nearly all there are. */
const PLAIN = Uint8Array.from({ length: 0x80 }, (_, code) => {
  return Number(/[A-Za-z0-9_@.-]/.test(String.fromCharCode(code)));
});
const DOT = 0x2e;

/** Whether a name needs no closer look to be fit. */
export function isPlain(name: string, at: { prefix: string; platform: Platform }): boolean {
  const { length } = name;
  if (at.platform === "windows" || length > PLAIN_NAME || at.prefix.length + length > PLAIN_PATH) {
    return false;
  }
  if (name.charCodeAt(0) === DOT) return false;
  // By hand: a regular expression takes three times as long, and there is one name for each file.
  for (let at = 0; at < length; at++) if (PLAIN[name.charCodeAt(at)] !== 1) return false;
  return length > 0;
}

/** What a walk tells of a path that it looked at. */
export function toItem(
  path: string,
  at: { stat: Omit<TreeStat, "identity">; fs: TreeFs; root: string; platform: Platform },
): TreeItem {
  const { stat, fs, root, platform } = at;
  const start = path.lastIndexOf("/") + 1;
  const isUsual = isPlain(path.slice(start), { prefix: path.slice(0, start), platform });
  if (!isUsual && checkEntryPath(path, { platform }) !== undefined) {
    return { path, problem: "unsafe name" };
  }
  if (stat.kind === "other") return { path, problem: "special file" };
  const entry: TreeEntry = {
    path,
    kind: stat.kind,
    mode: stat.mode & 0o777,
    size: stat.kind === "file" ? stat.size : 0,
    mtimeMs: stat.mtimeMs,
    ctimeMs: stat.ctimeMs,
  };
  if (stat.kind !== "link") return entry;
  let target: string;
  try {
    target = fs.readLink(`${root}/${path}`);
  } catch {
    return { path, problem: "unreadable" };
  }
  if (checkLinkTarget(path, target) !== undefined) return { path, problem: "unsafe link" };
  return { ...entry, target };
}

/** Writes a name for people: what is no UTF-8 as `\xff`. */
export function formatBytes(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((wanted) => {
      try {
        return at + wanted <= bytes.length &&
          decoder.decode(bytes.subarray(at, at + wanted)) !== "";
      } catch {
        return false;
      }
    });
    text += length === undefined
      ? `\\x${bytes[at]!.toString(16).padStart(2, "0")}`
      : decoder.decode(bytes.subarray(at, at + length));
    at += length ?? 1;
  }
  return text;
}
