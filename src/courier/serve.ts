import { isSameDir, type KnownItem } from "../tree/dir_digest.ts";
import { isProblem } from "../tree/entry.ts";
import {
  batchRows,
  type ChangeAnswer,
  COURIER_PROTOCOL,
  type CourierRequest,
  type ScanRow,
} from "../tree/frames.ts";
import type { TreeFs } from "../tree/fs.ts";
import type { RuleSource } from "../tree/rules.ts";
import { scanKnownTree } from "../tree/scan.ts";
import { packEntries } from "../tree/tar_pack.ts";
import {
  forgetCheckpoint,
  listCheckpoints,
  recoverCheckpoints,
  restoreCheckpoint,
  takeCheckpoint,
} from "./checkpoint.ts";
import { changeTree, recoverChanges } from "./change.ts";
import { fillTree } from "./fill.ts";
import { archiveRepositories } from "./git_archive.ts";
import { hashFiles } from "./hash.ts";
import type { Lease } from "./lease.ts";
import type { Link } from "./link.ts";
import {
  hasRealParents,
  makeRoot,
  OWN_PREFIX,
  parsePath,
  type Places,
  resolveRoot,
} from "./place.ts";
import { removeRaw, toRaw } from "./raw_fs.ts";
import { Refusal } from "./refusal.ts";

/** What requests are answered with. */
export type Service = {
  link: Link;
  fs: TreeFs;
  places: Places;
  lease: Lease;
  isLive(token: string): boolean;
  canWrite(): boolean;
};

/** Characters of a row of a scan besides its path: its numbers, and the names of its fields. */
const ITEM_CHARS = 120;
const HASH_CHARS = 70;
/** A mark counts as more than it is: the other side uses the time in which few things come. */
const MARK_CHARS = 4096;

/**
 * Answers requests, one after the other, until the input ends. An error ends it too: the rest of a
 * request would be in the way of the next.
 */
export function serve(service: Service): void {
  const { link } = service;
  const canWrite = service.canWrite();
  link.send("hello", { protocol: COURIER_PROTOCOL, canWrite });
  if (!canWrite) return;
  recoverChanges(service);
  recoverCheckpoints(service);
  for (let frame = link.next(); frame !== undefined; frame = link.next()) {
    if (frame.kind !== "request") throw new Refusal(`A ${frame.kind} came in place of a request`);
    link.send("done", answer(service, frame.value as CourierRequest));
  }
}

function answer(service: Service, request: CourierRequest): unknown {
  const { link, fs, places } = service;
  switch (request.op) {
    case "scan":
      return scan(service, findTree(service, request.root));
    case "hash":
      return hash(service, resolveRoot(fs, request.root, { places }));
    case "read":
      return read(service, findTree(service, request.root));
    case "repositories": {
      link.expectEnd();
      const root = toRaw(findTree(service, request.root));
      const below = request.root === "" ? "none" : "all";
      return archiveRepositories(root, (bytes) => link.sendData([bytes]), { below });
    }
    case "fill": {
      const root = resolveRoot(fs, request.root, { places });
      makeRoot(fs, root);
      return fillTree(root, { fs, tar: link.data() });
    }
    case "change": {
      const answers = changeTree(request.root, { ...service, rows: link.rows(), tar: link.data() });
      for (const rows of batchRows(answers, sizeOfAnswer)) link.send("list", rows);
      return null;
    }
    case "remove":
      return remove(service, request.root);
    case "checkpoint":
      link.expectEnd();
      return takeCheckpoint(request.name, service);
    case "checkpoints":
      link.expectEnd();
      return listCheckpoints(places);
    case "restore":
      link.expectEnd();
      return restoreCheckpoint(request.name, service);
    case "forget":
      link.expectEnd();
      forgetCheckpoint(request.name, service);
      return null;
    default:
      request satisfies never;
      throw new Refusal("There is no such request");
  }
}

/** What is looked at may be all of `/work`, stray files beside its directories included. */
function findTree({ fs, places }: Service, root: string): string {
  return root === "" ? places.work : resolveRoot(fs, root, { places });
}

/** Answers with the clock of when it began: times in a tree mean something only beside it. */
function scan({ link, fs }: Service, root: string): number {
  const startMs = Date.now();
  const rules: RuleSource[] = [];
  const known = new Map<string, string>();
  for (const row of link.rows() as Generator<ScanRow>) {
    if ("dir" in row) known.set(row.dir, row.digest);
    else rules.push(row);
  }
  link.expectEnd();
  // A root that nobody made yet is an empty tree.
  if (fs.lstat(root) === undefined) return startMs;
  const items = scanKnownTree(root, { fs, rules, known });
  for (const batch of batchRows(items, sizeOfItem)) link.send("list", batch);
  return startMs;
}

function sizeOfItem(item: KnownItem): number {
  if (isSameDir(item)) return MARK_CHARS;
  const target = isProblem(item) ? 0 : item.target?.length ?? 0;
  return item.path.length + target + ITEM_CHARS;
}

function sizeOfAnswer(row: ChangeAnswer): number {
  return ("changed" in row ? row.changed : row.refusedLink).length + ITEM_CHARS;
}

function hash(service: Service, root: string): null {
  const { link, fs } = service;
  const paths = readPaths(service);
  for (
    const rows of batchRows(hashFiles(root, { fs, paths }), ([path]) => path.length + HASH_CHARS)
  ) {
    link.send("list", rows);
  }
  return null;
}

function read(service: Service, root: string): null {
  const { link, fs } = service;
  const onProblem = (problem: unknown) => link.send("list", [problem]);
  link.sendData(packEntries(root, readPaths(service), { fs, onProblem }));
  return null;
}

/** Of `/work` itself, whole directories can be removed. */
function remove(service: Service, rootName: string): null {
  const { fs, places } = service;
  const root = rootName === "" ? places.work : resolveRoot(fs, rootName, { places });
  for (const path of readPaths(service)) {
    if (rootName === "" && path.startsWith(OWN_PREFIX)) continue;
    if (hasRealParents(fs, path, { root })) removeRaw(`${root}/${toRaw(path)}`);
  }
  return null;
}

/** All paths of a request: the whole list is there before anything is answered. */
function readPaths({ link }: Service): string[] {
  const paths = Array.from(link.rows(), parsePath);
  link.expectEnd();
  return paths;
}
