import { UserError } from "../../errors.ts";
import { findNote } from "../note.ts";
import { readRefs } from "../refs.ts";
import { reviewCommits } from "../review.ts";
import type { Side } from "../sides.ts";
import { describeLook, type PromoteState } from "../status_words.ts";
import { promoteRefs } from "../types.ts";
import { shortBranch } from "../waits.ts";
import type { Reviewed } from "../../transfer/review.ts";
import { type CopyState, findCopyState } from "../../copy/state.ts";
import { DESK } from "../../desk/desk.ts";
import { observeHeld } from "../../hold/held.ts";
import type { CageContext } from "../../cage/prepare.ts";
import { ensurePromoter } from "./hold.ts";
import { lookAtPromoted } from "./look.ts";
import { promoteFiles, tryLook } from "./run.ts";
import { openPromoteSite, type PromoteCopy, type PromoteSite } from "./site.ts";
import { listSessions } from "../../cage/sessions.ts";

/** How things stand with a cage whose commits land by themselves; `status --json` prints it. */
export type PromoteStatus = {
  name: string;
  id: string;
  mode: "promote";
  /** Whether something runs in it. */
  cage: CopyState;
  /** The branch it is bound to, and the commit it began with. */
  branch: string;
  base: string;
  /** `landed`: there are commits that land with the next look. */
  state: PromoteState;
  /** One sentence. */
  text: string;
  /** Commits that have not landed; absent when it cannot be told. */
  pending?: number;
  /** Paths that stand in the way. */
  paths: readonly string[];
  landed?: { at: string; commits: number; to: string };
  /** Whose name commits carry on the branch. */
  identity: { name: string; email: string };
  project: string;
  service: string;
  createdAt: string;
  sessions: { id: string; service: string; startedAt: string }[];
  /** Other branches inside that the configuration has come out, as they were last. */
  sides: readonly Side[];
  /** What of its commits tools execute or trust on sight. */
  review: readonly Reviewed[];
  problems: string[];
  /** What to do next, in words. */
  next: string;
};

/**
 * Looks at such a cage. Lands nothing; what should bring commits out and was killed is started again.
 */
export async function observePromoteStatus(
  copy: PromoteCopy,
  context: CageContext,
): Promise<PromoteStatus> {
  const { stateDir } = context.host;
  const { pin, identity } = copy.promote;
  const sessions = (await listSessions(stateDir, copy.id)).filter(({ live }) => live);
  const cage = await findCopyState(copy, { stateDir, sessions });
  const problems: string[] = [];
  const desk = await observeHeld(stateDir, { cageId: copy.id, name: DESK });
  if (desk.kind === "cut-off") {
    problems.push("what held it was killed: start it again with sandcage start");
  }
  if (cage === "running") await ensurePromoter(copy, context);
  let site: PromoteSite | undefined;
  const outcome = await tryLook(async () => {
    site = await openPromoteSite(copy, context);
    return await lookAtPromoted(site, { act: "tell", signal: context.signal });
  });
  const { state, text, next, paths } = describeLook(outcome, { branch: pin.branch, act: "tell" });
  const pending = outcome.kind === "waiting"
    ? outcome.pending
    : outcome.kind === "landed"
    ? outcome.commits
    : outcome.kind === "idle"
    ? 0
    : undefined;
  const note = site === undefined ? undefined : await findNote(promoteFiles(site.dir).note);
  return {
    name: copy.name,
    id: copy.id,
    mode: "promote",
    cage,
    branch: shortBranch(pin.branch),
    base: pin.base,
    state,
    text,
    ...(pending === undefined ? {} : { pending }),
    paths,
    ...(note?.landed === undefined ? {} : { landed: note.landed }),
    identity,
    project: pin.worktree,
    service: copy.service,
    createdAt: copy.createdAt,
    sessions: sessions.map(({ record: { id, service, startedAt } }) => ({
      id,
      service,
      startedAt,
    })),
    sides: note?.sides ?? [],
    review: site === undefined ? [] : await findReview(site, problems),
    problems,
    next: next ?? planNext(copy.name, { cage, state }),
  };
}

/** The next step where nothing waits. Pure. */
export function planNext(
  name: string,
  { cage, state }: { cage: CopyState; state: PromoteState },
): string {
  if (cage !== "running") {
    return state === "landed"
      ? `Land what it has: sandcage promote ${name}`
      : `Go on: sandcage start ${name}; or let go of the branch: sandcage clear ${name}`;
  }
  return state === "landed"
    ? "Nothing: they land by themselves"
    : `Visit it: sandcage visit ${name}`;
}

async function findReview(site: PromoteSite, problems: string[]): Promise<Reviewed[]> {
  const { pin } = site.copy.promote;
  const refs = promoteRefs(pin);
  try {
    const tip = (await readRefs(site.git, [refs.in])).get(refs.in);
    return tip === undefined ? [] : await reviewCommits(site.git, { from: pin.snapshot, to: tip });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(`what its commits bring: ${error.message}`);
    return [];
  }
}
