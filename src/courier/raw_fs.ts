import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { findErrorCode } from "./refusal.ts";

/**
 * The agent's own tree as it is, with every name it may have: paths are text in which each character
 * is one byte. What its owner is not allowed to do, the owner allows first and takes back.
 */
export type RawPath = string;

/** What Node takes for the same bytes. */
export function toNode(path: RawPath): string | Buffer {
  return IS_ASCII.test(path) ? path : Buffer.from(path, "latin1");
}

// deno-lint-ignore no-control-regex -- names may hold any byte
const IS_ASCII = /^[\x00-\x7f]*$/;

/** A name as the bytes it has on a disk. */
export function toRaw(name: string): RawPath {
  return Buffer.from(name, "utf8").toString("latin1");
}

/** Names in a directory, sorted, so that equal trees give equal archives. */
export function listRaw(path: RawPath): string[] {
  const list = () => fs.readdirSync(toNode(path), { encoding: "latin1" });
  return allowing(path, { bits: 0o500, act: list }).sort();
}

/** Does not follow a symlink; `undefined` when nothing is there. */
export function lstatRaw(path: RawPath): fs.Stats | undefined {
  try {
    return fs.lstatSync(toNode(path), { throwIfNoEntry: false });
  } catch (error) {
    if (findErrorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Opens a file for reading, whatever its mode; a symlink is an error, a pipe does not block. */
export function openRaw(path: RawPath): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const open = () => fs.openSync(toNode(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return allowing(path, { bits: 0o400, act: open });
}

/** Acts on what is in a directory, also one that its owner may not enter. */
export function withinRaw(
  path: RawPath,
  options: { mode: number; act(): void },
): void {
  const { mode, act } = options;
  if ((mode & 0o500) === 0o500) return act();
  fs.chmodSync(toNode(path), (mode & 0o7777) | 0o500);
  try {
    act();
  } finally {
    fs.chmodSync(toNode(path), mode & 0o7777);
  }
}

/** Moves what is at a path, also a directory that nobody may write to. */
export function renameRaw(from: RawPath, to: RawPath): void {
  const act = () => fs.renameSync(toNode(from), toNode(to));
  allowing(from, { bits: 0o700, act, movedTo: to });
}

/** Removes what is at a path with all below it; never follows a symlink. */
export function removeRaw(path: RawPath): void {
  const stat = lstatRaw(path);
  if (stat === undefined) return;
  if (!stat.isDirectory()) return fs.unlinkSync(toNode(path));
  if ((stat.mode & 0o700) !== 0o700) fs.chmodSync(toNode(path), 0o700);
  for (const name of listRaw(path)) removeRaw(`${path}/${name}`);
  fs.rmdirSync(toNode(path));
}

/** Acts; where the mode of a path forbids it, with more of it for that moment. */
function allowing<Result>(
  path: RawPath,
  options: { bits: number; act(): Result; movedTo?: RawPath },
): Result {
  const { bits, act, movedTo = path } = options;
  try {
    return act();
  } catch (error) {
    if (findErrorCode(error) !== "EACCES") throw error;
    const stat = lstatRaw(path);
    if (stat === undefined || stat.isSymbolicLink() || (stat.mode & bits) === bits) throw error;
    const mode = stat.mode & 0o7777;
    fs.chmodSync(toNode(path), mode | bits);
    let place = path;
    try {
      const result = act();
      place = movedTo;
      return result;
    } finally {
      fs.chmodSync(toNode(place), mode);
    }
  }
}
