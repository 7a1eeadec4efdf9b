import { INSIDE } from "../../names.ts";
import { planInnerGitArgs } from "./fill.ts";
import type { PromoteSite } from "./site.ts";

/** What of a cage no look brings out, as git inside tells it: the agent rules there, so a hint. */
export type InsideChanges = {
  /** Paths that are in no commit. */
  changed: number;
  /** Commits of other branches and stashes that the promoted branch has not. */
  elsewhere: number;
  /** Why it cannot be told. */
  problem?: string;
};

/** Upper bound of asking, in milliseconds. */
const ASK_MS = 60_000;

/** Asks git about the files inside, in a container of its own without a network. */
export async function observeInsideChanges(site: PromoteSite): Promise<InsideChanges> {
  const { innerBranch, snapshot } = site.copy.promote.pin;
  const branch = `refs/heads/${innerBranch}`;
  const out = await listOut(site);
  // What came out may be gone inside.
  const count = ["rev-list", "--count", "--ignore-missing", "--branches"];
  const [status, others] = await Promise.all([
    ask(site, ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal"]),
    ask(site, [...count, "refs/stash", "--not", branch, snapshot, ...out]),
  ]);
  const elsewhere = others.code === 0 ? others : await ask(site, [
    ...[...count, "--not", branch, snapshot, ...out],
  ]);
  const failed = [status, elsewhere].find(({ code }) => code !== 0);
  return {
    changed: status.code === 0 ? status.stdout.split("\0").filter((row) => row !== "").length : 0,
    elsewhere: elsewhere.code === 0 ? Number(elsewhere.stdout.trim()) || 0 : 0,
    ...(failed === undefined
      ? {}
      : { problem: failed.stderr.trim().split("\n").at(-1) || "git there says nothing" }),
  };
}

function ask(site: PromoteSite, args: readonly string[]) {
  const { copy, engine } = site;
  return engine.docker(
    planInnerGitArgs(copy, {
      image: copy.promote.image,
      access: "read",
      args: ["-C", INSIDE.workProject, ...args],
    }),
    { timeoutMs: ASK_MS },
  );
}

/** The last commits of other branches that came out. */
async function listOut({ copy, git }: PromoteSite): Promise<string[]> {
  const home = `refs/sandcage/${copy.id}/done`;
  const { stdout } = await git.run(["for-each-ref", "--format=%(objectname)", home]);
  return new TextDecoder().decode(stdout).split("\n").filter((id) => id !== "");
}
