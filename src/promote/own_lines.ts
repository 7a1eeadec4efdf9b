import { fromLatin1 } from "./bytes.ts";
import type { Odb } from "./odb.ts";
import { hashObject, type NewObject } from "./pack.ts";
import { withoutOwnLines } from "./snapshot_plan.ts";
import { hexId, type RawId, rawId, type TreeEntry } from "./tree.ts";

/** What stands at a path: inside before and after a change, and on the user's side. */
export type Sides = {
  was: TreeEntry | undefined;
  is: TreeEntry | undefined;
  have: TreeEntry | undefined;
};

/** What stands there afterwards. */
export type Settled =
  | { kind: "entry"; entry: TreeEntry | undefined }
  /** These files have to be loaded first. */
  | { kind: "missing"; ids: RawId[] }
  /** The user's file is not the one inside, whichever lines are left out. */
  | { kind: "differs" };

/** Ignore files whose lines about sandcage's own files never went in, and stay when they change inside. */
export type OwnLines = {
  settle(sides: Sides): Settled;
  load(ids: Iterable<RawId>): Promise<void>;
  /** Gives away what was made since, to be written. It stays known. */
  takeMade(): NewObject[];
};

/** The name of files that snapshots leave lines out of. */
export const IGNORE_FILE = ".gitignore";

/** Opens ignore files over a repository. */
export function createOwnLines(odb: Pick<Odb, "read">): OwnLines {
  const known = new Map<RawId, string>();
  const made: NewObject[] = [];
  const make = (text: string): RawId => {
    const object: NewObject = { type: "blob", bytes: fromLatin1(text) };
    const id = rawId(hashObject(object));
    if (!known.has(id)) made.push(object);
    known.set(id, text);
    return id;
  };
  return {
    settle({ was, is, have }) {
      const sides = [was, is, have].filter((entry) => entry !== undefined);
      if (have === undefined || !sides.every(isFile)) return { kind: "differs" };
      const ids = sides.map(({ id }) => id).filter((id) => !known.has(id));
      if (ids.length > 0) return { kind: "missing", ids };
      const text = known.get(have.id)!;
      const bare = withoutOwnLines(text);
      // A file of nothing but such lines stands for none as well.
      const isSide = (side: TreeEntry | undefined) =>
        side === undefined ? bare === "" : side.mode === have.mode && known.get(side.id) === bare;
      if (isSide(is)) return { kind: "entry", entry: have };
      if (bare === undefined || !isSide(was)) return { kind: "differs" };
      const id = make(withOwnLines(is === undefined ? "" : known.get(is.id)!, text));
      return { kind: "entry", entry: { name: have.name, mode: is?.mode ?? have.mode, id } };
    },
    async load(ids) {
      const wanted = [...new Set(ids)].filter((id) => !known.has(id));
      const texts = await odb.read(wanted.map(hexId), "blob");
      for (const [index, id] of wanted.entries()) known.set(id, texts[index]!);
    },
    takeMade: () => made.splice(0),
  };
}

function isFile({ mode }: TreeEntry): boolean {
  return mode.startsWith("100");
}

/**
 * A text with the lines about sandcage's own files that another one has, where they stood: left out
 * again, it is the text that was given. Bytes, one in each character. Pure.
 */
export function withOwnLines(text: string, from: string): string {
  const lines = splitLines(text);
  const before = splitLines(from);
  const isOwn = (line: string) => withoutOwnLines(line) !== undefined;
  const kept = before.filter((line) => !isOwn(line));
  const most = Math.min(lines.length, kept.length);
  let start = 0;
  while (start < most && lines[start] === kept[start]) start++;
  let end = 0;
  while (end < most - start && lines.at(-1 - end) === kept.at(-1 - end)) end++;
  // Behind a line without an end there is no place for another.
  const last = text === "" || text.endsWith("\n") ? lines.length : lines.length - 1;
  const places = lines.map((): string[] => []);
  places.push([]);
  for (let at = 0, index = 0; index < before.length; index++) {
    const line = before[index]!;
    if (!isOwn(line)) at++;
    else {
      const place = at <= start ? at : Math.max(start, lines.length - (kept.length - at));
      places[Math.min(place, last)]!.push(line.endsWith("\n") ? line : `${line}\n`);
    }
  }
  return places.map((own, at) => own.join("") + (lines[at] ?? "")).join("");
}

function splitLines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}
