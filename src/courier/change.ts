import type { ChangeAnswer } from "../tree/frames.ts";
import type { TreeFs } from "../tree/fs.ts";
import { isExecutable } from "../tree/entry.ts";
import type { Was } from "../tree/journal.ts";
import { checkEntryPath, checkLinkTarget } from "../tree/paths.ts";
import { recoverStage } from "../tree/recover.ts";
import { type FileSink, openStage } from "../tree/stage.ts";
import { createTarReader } from "../tree/tar_read.ts";
import { TAR_LIMITS } from "./limits.ts";
import type { Lease } from "./lease.ts";
import { OWN_PREFIX, parsePath, type Places, resolveRoot } from "./place.ts";
import { Refusal } from "./refusal.ts";

/** Before the lease and the root in the name of a stage. */
const STAGE_PREFIX = `${OWN_PREFIX}change-`;

/** What a change is made of, besides its root. */
export type ChangeInput = {
  fs: TreeFs;
  places: Places;
  lease: Lease;
  /** As they came: see `ChangeRow`. */
  rows: Iterable<unknown>;
  tar: Iterable<Uint8Array>;
};

/**
 * Makes changes together or not at all, however this program ends.
 *
 * @returns What stood in the way: with a path that changed, nothing was done.
 */
export function changeTree(rootName: string, input: ChangeInput): readonly ChangeAnswer[] {
  const { fs, places, lease } = input;
  const root = resolveRoot(fs, rootName, { places });
  const { removes, expected } = readRows(input.rows);
  const stageDir = `${places.work}/${STAGE_PREFIX}${lease.token}-${encodeURIComponent(rootName)}`;
  const stage = openStage({ fs, root, stageDir, resume: false });
  let sink: FileSink | undefined;
  try {
    const reader = createTarReader({
      entry(entry) {
        if (entry.kind === "dir") stage.dir(entry.path);
        else if (entry.kind === "link") stage.link(entry.path, entry.target ?? "");
        else sink = stage.file({ ...entry, isExecutable: isExecutable(entry) });
      },
      data: (bytes) => sink?.write(bytes),
      entryEnd() {
        sink?.end();
        sink = undefined;
      },
    }, {
      limits: TAR_LIMITS,
      check: (path) => checkEntryPath(path, { platform: "linux" }),
      checkLink: checkLinkTarget,
    });
    for (const bytes of input.tar) reader.push(bytes);
    reader.end();
  } catch (error) {
    sink?.drop();
    stage.discard();
    throw error;
  }
  const { changed, refusedLinks } = stage.commit({ removes, modes: [], expected });
  return [
    ...changed.map((path): ChangeAnswer => ({ changed: path })),
    ...refusedLinks.map((path): ChangeAnswer => ({ refusedLink: path })),
  ];
}

/** Brings changes to their end that a program did not live to finish, and removes what was cut. */
export function recoverChanges(
  options: { fs: TreeFs; places: Places; isLive(token: string): boolean },
): void {
  const { fs, places } = options;
  for (const name of fs.list(places.work)) {
    if (typeof name !== "string" || !name.startsWith(STAGE_PREFIX)) continue;
    const [, token, rootName] = /^([0-9a-f]+)-(.+)$/.exec(name.slice(STAGE_PREFIX.length)) ?? [];
    if (token === undefined || options.isLive(token)) continue;
    const root = findRoot(fs, rootName!, places);
    if (root === undefined) continue;
    try {
      recoverStage({ fs, root, stageDir: `${places.work}/${name}`, resume: false });
    } catch {
      // The agent can put there what looks like a stage: it must not stand in the way for ever. A
      // real one is tried again by the next program.
    }
  }
}

/** In a cage the agent can write where stages are: a name of its making is left alone. */
function findRoot(fs: TreeFs, name: string, places: Places): string | undefined {
  try {
    return resolveRoot(fs, decodeURIComponent(name), { places });
  } catch (error) {
    if (error instanceof Refusal || error instanceof URIError) return undefined;
    throw error;
  }
}

function readRows(rows: Iterable<unknown>) {
  const removes: string[] = [];
  const expected: { path: string; was: Was | null }[] = [];
  for (const row of rows) {
    if (typeof row !== "object" || row === null) throw new Refusal("A change is none");
    if ("remove" in row) removes.push(parsePath(row.remove));
    else if ("expect" in row) expected.push(parseExpected(row.expect));
  }
  return { removes, expected };
}

function parseExpected(value: unknown): { path: string; was: Was | null } {
  if (typeof value !== "object" || value === null || !("path" in value) || !("was" in value)) {
    throw new Refusal("An expectation is none");
  }
  const path = parsePath(value.path);
  const { was } = value;
  if (was === null) return { path, was };
  if (typeof was !== "object" || was === undefined) throw new Refusal("An expectation is none");
  return { path, was: was as Was };
}
