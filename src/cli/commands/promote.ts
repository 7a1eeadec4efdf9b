import { lookAtPromoted, offerPromoted } from "../../promote/cage/look.ts";
import { lookAndNote, tryLook } from "../../promote/cage/run.ts";
import { openPromoteSite, type PromoteSite, requirePromoted } from "../../promote/cage/site.ts";
import { EXIT, UserError } from "../../errors.ts";
import { pause } from "../../pause.ts";
import type { LookOutcome } from "../../promote/look.ts";
import { count, describeLook, formatWords } from "../../promote/status_words.ts";
import { shortBranch } from "../../promote/waits.ts";
import type { CommandContext } from "../context.ts";
import { chooseCopyCage } from "../copy_choice.ts";

/** Which cage, and what to do with its commits. */
export type PromoteOptions = {
  cage?: string | undefined;
  path?: string;
  /** Says what would land and lands nothing. */
  dryRun: boolean;
  /** Looks once, also when something waits. */
  once: boolean;
  /** A branch to make of the commits instead of landing them. */
  to?: string | undefined;
};

/** `sandcage promote`: lands the commits of a cage now, or says why they wait. */
export async function runPromote(
  options: PromoteOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io, signals } = context;
  const copy = requirePromoted(await chooseCopyCage(options, host));
  const site = await openPromoteSite(copy, context);
  const signal = signals?.signal;
  const { branch } = copy.promote.pin;
  if (options.to !== undefined) return await offer(site, options.to, context);
  if (options.dryRun) {
    const outcome = await tryLook(() => lookAtPromoted(site, { act: "tell", signal }));
    return tell(outcome, { branch, act: "tell", context });
  }
  for (let isFirst = true, said = "";; isFirst = false) {
    const outcome = await lookAndNote(site, { signal });
    signal?.throwIfAborted();
    // What landed may have been a part: the next look says whether more waits.
    if (outcome.kind === "landed") {
      tell(outcome, { branch, act: "land", context });
      continue;
    }
    if (outcome.kind === "idle" && !isFirst) return EXIT.ok;
    if (outcome.kind === "idle" || options.once || !io.interactive) {
      return tell(outcome, { branch, act: "land", context });
    }
    const text = formatWords(describeLook(outcome, { branch }));
    if (text !== said) io.talk(text);
    said = text;
    using step = io.progress("Waiting for that; Ctrl-C leaves it to the cage");
    await pause(copy.promote.intervalMs, signal);
    step.done();
  }
}

function tell(
  outcome: LookOutcome,
  options: { branch: string; act: "land" | "tell"; context: CommandContext },
): number {
  const { branch, act, context: { io } } = options;
  const words = describeLook(outcome, { branch, act });
  switch (outcome.kind) {
    case "idle":
    case "landed":
      io.out(words.text);
      return EXIT.ok;
    case "waiting":
      io.out(formatWords(words));
      return EXIT.conflict;
    case "failed":
      throw outcome.failure.kind === "unreachable"
        ? new UserError(words.text, {
          hint: words.next ?? "",
          exit: EXIT.engine,
          code: "engine-failed",
        })
        : new UserError(words.text, { hint: words.next ?? "", exit: EXIT.failed });
    default:
      outcome satisfies never;
      return EXIT.bug;
  }
}

async function offer(site: PromoteSite, to: string, context: CommandContext): Promise<number> {
  const { io, signals } = context;
  const name = await requireBranchName(site, to);
  const offered = await offerPromoted(site, { branch: name, signal: signals?.signal });
  if (offered.kind !== "offered") {
    const { branch } = site.copy.promote.pin;
    return tell(offered, { branch, act: "land", context });
  }
  const branch = shortBranch(offered.branch);
  io.out(`${count(offered.commits, "commit")} on the branch "${branch}"`);
  io.talk(`Look at it: git log ${branch}`);
  return EXIT.ok;
}

async function requireBranchName({ git }: PromoteSite, name: string): Promise<string> {
  const { code } = await git.run(["check-ref-format", `refs/heads/${name}`]);
  if (code === 0 && !name.startsWith("-")) return `refs/heads/${name}`;
  throw new UserError(`Cannot use ${JSON.stringify(name)} as the name of a branch`, {
    hint: "Give a name that git takes, for example --to review",
    exit: EXIT.usage,
    code: "usage",
  });
}
