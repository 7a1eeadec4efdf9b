import type { FetchOutcome } from "./fetch_outcome.ts";
import type { Git } from "./git.ts";
import { findOffered, landSideBranch } from "./offer.ts";
import { isAncestor } from "./place.ts";
import { UserError } from "../errors.ts";
import { type ObjectId, type Pin, promoteRefs } from "./types.ts";
import { shortBranch } from "./waits.ts";

/** Another branch inside, and what became of it. */
export type Side = {
  /** Its name inside, without `refs/heads/`. */
  name: string;
  /** The branch outside that has its commits. */
  branch?: string;
  /** Why its commits are not there. */
  problem?: string;
};

/** What bringing them out works with. */
export type SidePorts = {
  git: Git;
  pin: Pin;
  /** All the cage says it has, as it says it. */
  refs: readonly { id: string; name: string }[];
  /** Fetches one branch into the cage's own refs. */
  fetch(pin: Pin): Promise<FetchOutcome>;
  /** Builds the commits of the user's side. */
  build(tip: ObjectId): Promise<{ tip: ObjectId }>;
};

/** So many are brought out: more is no way of working, but a flood. */
const MOST = 50;

/** What a branch may be called to come out: as git takes it, in letters that every system has. */
const NAME = /^(?![-./])(?!.*(?:\.\.|\/[./]|\.lock(?:\/|$)|@\{|[./]$))[\x21-\x7e]{1,200}$/;
const UNSAFE = /[~^:?*[\\]/;

/**
 * Chooses which other branches come out, in order of their names. Pure.
 *
 * @param options.patterns `*` is any text.
 * @returns `left`: how many more there are.
 */
export function planSides(
  refs: readonly { id: string; name: string }[],
  options: { patterns: readonly string[]; innerBranch: string },
): { chosen: { name: string; id: string }[]; left: number } {
  const wanted = options.patterns.map(toPattern);
  const all = refs.flatMap(({ id, name: ref }) => {
    const name = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
    const isWanted = name !== undefined && name !== options.innerBranch && NAME.test(name) &&
      !UNSAFE.test(name) && wanted.some((pattern) => pattern.test(name));
    return isWanted ? [{ name, id }] : [];
  }).sort((a, b) => a.name < b.name ? -1 : 1);
  return { chosen: all.slice(0, MOST), left: Math.max(0, all.length - MOST) };
}

function toPattern(glob: string): RegExp {
  const parts = glob.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

/**
 * Brings other branches out, each onto one of ours in the user's repository, which needs no working
 * tree. Those whose commits have all landed stay inside.
 *
 * @throws {UserError} If the repository cannot be read. What keeps one branch back is told with it.
 */
export async function landSides(
  chosen: readonly { name: string; id: ObjectId }[],
  ports: SidePorts,
): Promise<Side[]> {
  const known = await readSideRefs(ports);
  await forgetGone(known, ports);
  const sides: Side[] = [];
  for (const side of chosen) {
    const found = await tell(side, { known, ports });
    if (found !== undefined) sides.push(found);
  }
  return sides;
}

async function tell(
  { name, id }: { name: string; id: ObjectId },
  { known, ports }: { known: ReadonlyMap<string, ObjectId>; ports: SidePorts },
): Promise<Side | undefined> {
  const { pin } = ports;
  const landed = known.get(promoteRefs(pin).done) ?? pin.snapshot;
  if (await isAncestor(ports.git, { is: id, of: landed })) return undefined;
  const refs = promoteRefs({ ...pin, innerBranch: name });
  const [done, out] = [known.get(refs.done), known.get(refs.out)];
  const at = out === undefined ? undefined : await findOffered(ports.git, { pin, tip: out });
  // One that the user has removed since stays away until there is more.
  if (id === done) return { name, ...(at === undefined ? {} : { branch: shortBranch(at) }) };
  try {
    return await bringOut(name, { known, at, ports });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, problem: error.message };
  }
}

async function bringOut(
  name: string,
  options: { known: ReadonlyMap<string, ObjectId>; at: string | undefined; ports: SidePorts },
): Promise<Side> {
  const { known, at, ports } = options;
  const { git, pin } = ports;
  const own = { ...pin, innerBranch: name };
  const fetched = await ports.fetch(own);
  if (!("tip" in fetched)) return { name, problem: fetched.text };
  const built = await ports.build(fetched.tip);
  const branch = await landSideBranch(git, { pin, name, tip: built.tip, at });
  if (branch === undefined) {
    const short = shortBranch(at ?? `refs/heads/sandcage/${pin.cage}/${name}`);
    return { name, problem: `${short} is checked out in a working tree` };
  }
  const refs = promoteRefs(own);
  const move = (ref: string, to: ObjectId) => `update ${ref} ${to} ${known.get(ref) ?? NONE}\n`;
  await git.read(["update-ref", "--no-deref", "--stdin"], {
    what: "Cannot note what came out",
    stdin: new TextEncoder().encode(move(refs.done, fetched.tip) + move(refs.out, built.tip)),
  });
  return { name, branch: shortBranch(branch) };
}

/** The old value of a ref that must not be there. */
const NONE = "0".repeat(40);

/** All refs of ours that say what was fetched and what came out. */
async function readSideRefs({ git, pin }: SidePorts): Promise<Map<string, ObjectId>> {
  const home = `refs/sandcage/${pin.cage}`;
  const homes = ["in", "done", "out"].map((kind) => `${home}/${kind}`);
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", ...homes];
  const lines = new TextDecoder().decode(
    await git.read(args, { what: "Cannot read the state of promotion" }),
  ).split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(41), line.slice(0, 40)]));
}

/** A branch that is gone inside must not keep another of a name below it out. */
async function forgetGone(known: Map<string, ObjectId>, ports: SidePorts): Promise<void> {
  const { git, pin, refs } = ports;
  const there = new Set(refs.map(({ name }) => name.replace(/^refs\/heads\//, "")));
  const gone = [...known].filter(([ref]) => {
    const name = ref.slice(`refs/sandcage/${pin.cage}/`.length).replace(/^[^/]+\//, "");
    return name !== pin.innerBranch && !there.has(name);
  });
  if (gone.length === 0) return;
  await git.read(["update-ref", "--no-deref", "--stdin"], {
    what: "Cannot forget a branch that is gone inside",
    stdin: new TextEncoder().encode(gone.map(([ref, id]) => `delete ${ref} ${id}\n`).join("")),
  });
  for (const [ref] of gone) known.delete(ref);
}
