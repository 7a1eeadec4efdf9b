import { join } from "node:path";
import { findText } from "../files.ts";
import { settleBoth } from "./both.ts";
import { collect } from "./child.ts";
import { formatExtUrl } from "./ext.ts";
import {
  type FetchFailure,
  type FetchOutcome,
  formatFailure,
  parseFinding,
} from "./fetch_outcome.ts";
import type { Git } from "./git.ts";
import { planGitEnv } from "./git_plan.ts";
import { findMissing, listDescendants } from "./odb.ts";
import { probeSource } from "./probe.ts";
import { type Expanded, openQuarantine, type Quarantine } from "./quarantine.ts";
import { moveRef, readRefs } from "./refs.ts";
import { UNPACK_LIMIT } from "./store.ts";
import { type ObjectId, type Pin, promoteRefs } from "./types.ts";

/** Where the commits come from. */
export type FetchSource =
  /** A program that is `git upload-pack` for the repository, `docker exec -i … git upload-pack …`. */
  | { kind: "container"; command: readonly string[]; env?: Readonly<Record<string, string>> }
  /** A repository on this machine that nobody else writes to: in tests and benches alone. */
  | { kind: "path"; path: string };

/** What may arrive. */
export type FetchLimits = {
  /** On disk, and of each object in memory. */
  bytes: number;
  /** Of all new objects together when they are unpacked. Defaults to eight times `bytes`. */
  expandedBytes?: number;
  timeoutMs: number;
};

/** What a fetch works with. One at a time for each cage: the caller holds it. */
export type FetchOptions = {
  /** The user's repository. */
  git: Git;
  env: Readonly<Record<string, string | undefined>>;
  source: FetchSource;
  pin: Pin;
  limits: FetchLimits;
  signal?: AbortSignal | undefined;
};

const EXPANSION = 8;

/** Of one commit or tree, in bytes: a message of a megabyte, a directory of a hundred thousand files. */
const MOST_HISTORY_BYTES = 4_000_000;

/** How often the size of what arrives is looked at, in milliseconds: some megabytes of a fast disk. */
const WATCH_MS = 25;

/** git's unit of allocation limits; below so many bytes it cannot work. */
const LEAST_ALLOCATION = 64 * 1024 * 1024;

/** Where the tip arrives in the quarantine. */
const ARRIVED = "refs/arrived/tip";

/**
 * Fetches the branch inside into `refs/sandcage/CAGE/in/BRANCH` of the user's repository. The host's
 * git never opens the repository inside: it talks to a program in the cage, into a quarantine with
 * its own config, and every object is checked before the user's repository sees any. The cage is told
 * of no commit but its own.
 *
 * @throws {UserError} If the user's repository cannot be read or written.
 */
export async function fetchInner(options: FetchOptions): Promise<FetchOutcome> {
  const { git, pin } = options;
  const refs = promoteRefs(pin);
  const known = await readRefs(git, [refs.in, refs.done]);
  const have = known.size > 0 ? [...known.values()] : await ownSnapshot(git, pin);
  await using quarantine = await openQuarantine(git, {
    pin,
    refs: Object.fromEntries(have.map((id, index) => [`refs/known/${index}`, id])),
  });
  const fetched = await fetchInto(quarantine, options);
  if ("kind" in fetched) return fetched;
  const tip = (await findText(join(quarantine.git.gitDir, ARRIVED)))?.trim();
  if (tip === undefined) {
    // git ends well then, for it is a choice of the user's with other repositories.
    const said = "the history inside is cut off (.git/shallow)";
    return formatFailure("failed", { branch: pin.innerBranch, limits: options.limits, said });
  }
  const done = known.get(refs.done) ?? pin.snapshot;
  const [expanded, ids] = await settleBoth(
    fetched.expanded ?? quarantine.measureExpanded(),
    tip === done ? Promise.resolve([]) : listDescendants(quarantine.git, { from: done, tip }),
  );
  const excess = findExcess(expanded, options);
  if (excess !== undefined) return excess;
  await quarantine.admit();
  const before = known.get(refs.in);
  if (before !== tip) await moveRef(git, { name: refs.in, from: before, to: tip });
  if (tip === done) return { kind: "nothing", tip };
  return ids === undefined
    ? { kind: "rewritten", tip }
    : { kind: "new", tip, range: { from: done, tip, ids } };
}

async function ownSnapshot(git: Git, pin: Pin): Promise<ObjectId[]> {
  const missing = await findMissing(git, [pin.snapshot]);
  return missing.has(pin.snapshot) ? [] : [pin.snapshot];
}

async function fetchInto(
  quarantine: Quarantine,
  options: FetchOptions,
): Promise<FetchFailure | Pick<Watched, "expanded">> {
  const { pin, source, limits, signal } = options;
  const command = source.kind === "path" ? ["git", "upload-pack", source.path] : source.command;
  const env = source.kind === "path" ? {} : source.env ?? {};
  const flags = [
    ...["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"],
    ...["--no-auto-gc", "--refmap="],
  ];
  await using child = quarantine.git.start(
    ["fetch", ...flags, formatExtUrl(command), `+refs/heads/${pin.innerBranch}:${ARRIVED}`],
    {
      config: [
        "protocol.ext.allow=always",
        `fetch.unpackLimit=${UNPACK_LIMIT}`,
        `transfer.unpackLimit=${UNPACK_LIMIT}`,
        "fetch.writeCommitGraph=false",
      ],
      env: { ...env, GIT_ALLOC_LIMIT: String(Math.max(limits.bytes, LEAST_ALLOCATION)) },
      timeoutMs: limits.timeoutMs,
      signal,
      // It starts a helper, which starts the program that answers.
      group: "own",
    },
  );
  await child.closeWrite();
  const ended = Promise.all([child.result(), collect(child)]);
  const arrived = await watch(quarantine, { ended, bytes: limits.bytes });
  if (arrived.isTooBig) child.kill();
  const [result] = await ended;
  signal?.throwIfAborted();
  const facts = { branch: pin.innerBranch, limits, said: result.stderr };
  if (arrived.isTooBig) return formatFailure("too-big", facts);
  if (result.timedOut) return formatFailure("timeout", facts);
  if (result.code === 0) return { expanded: arrived.expanded };
  const probe = await probeSource(command, { env: planGitEnv(options.env, env), signal });
  if (probe.kind !== "answers") return formatFailure(probe.kind, { ...facts, said: probe.said });
  const branches = probe.refs.flatMap(({ name }) => /^refs\/heads\/(.*)/.exec(name)?.[1] ?? []);
  if (!branches.includes(pin.innerBranch)) {
    return formatFailure("branch-gone", { ...facts, branches });
  }
  return formatFailure(parseFinding(result.stderr) === undefined ? "failed" : "refused", facts);
}

type Watched = {
  isTooBig: boolean;
  /** What the objects are when they are unpacked, where that could be measured by the way. */
  expanded?: Promise<Expanded> | undefined;
};

/**
 * Looks at what arrives until all has, or it is too much. git goes on for a while when all is there:
 * it looks whether it hangs together. What all of it is unpacked is measured meanwhile.
 */
async function watch(
  quarantine: Quarantine,
  { ended, bytes }: { ended: Promise<unknown>; bytes: number },
): Promise<Watched> {
  let isOver = false;
  let early: { packs: string; expanded: Promise<Expanded> } | undefined;
  const over = ended.then(() => isOver = true, () => isOver = true);
  for (;;) {
    const last = isOver;
    const arrived = await quarantine.measure();
    if (arrived.bytes > bytes) return { isTooBig: true };
    if (last) return { isTooBig: false, ...(arrived.packs === early?.packs ? early : {}) };
    if (early === undefined && arrived.packs !== undefined) {
      const expanded = quarantine.measureExpanded();
      // Nobody asks if git fails.
      expanded.catch(() => {});
      early = { packs: arrived.packs, expanded };
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([over, new Promise((resolve) => timer = setTimeout(resolve, WATCH_MS))]);
    clearTimeout(timer);
  }
}

/** A small pack can hold files that fill the disk. */
function findExcess(
  { total, largest }: Expanded,
  { pin, limits }: FetchOptions,
): FetchFailure | undefined {
  const most = limits.expandedBytes ?? limits.bytes * EXPANSION;
  const facts = { branch: pin.innerBranch, limits: { ...limits, bytes: most } };
  if (total > most) return formatFailure("too-big", facts);
  if (largest <= MOST_HISTORY_BYTES) return undefined;
  return formatFailure("too-big", { ...facts, limits: { ...limits, bytes: MOST_HISTORY_BYTES } });
}
