import type { Engine } from "../../engine/engine.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { INSIDE, LABEL } from "../../names.ts";
import { createGit, type Git } from "../git.ts";
import type { FetchSource } from "../fetch.ts";
import type { PromoteRecord } from "../record.ts";
import { requireFilled } from "../../copy/locate.ts";
import type { CopyRecord } from "../../copy/record.ts";
import { connectCopyEngine } from "../../copy/sweep.ts";
import { planInnerGitArgs } from "./fill.ts";
import type { CageContext } from "../../cage/prepare.ts";
import { cageDir } from "../../cage/store.ts";

/** A cage whose commits come back by themselves. */
export type PromoteCopy = CopyRecord & { promote: PromoteRecord };

/** Such a cage, its engine and the user's repository. */
export type PromoteSite = {
  copy: PromoteCopy;
  /** Where the cage keeps its files on the host. */
  dir: string;
  engine: Engine;
  git: Git;
  host: Host;
};

/** Whether the commits of a cage come back by themselves. */
export function isPromoted(copy: CopyRecord): copy is PromoteCopy {
  return copy.promote !== undefined;
}

/**
 * Refuses a cage whose work comes back in another way.
 *
 * @throws {UserError} Of code `usage`; of `conflict` when nobody finished it.
 */
export function requirePromoted(copy: CopyRecord): PromoteCopy {
  requireFilled(copy);
  if (isPromoted(copy)) return copy;
  throw new UserError(`The commits of "${copy.name}" do not come back by themselves`, {
    hint: `It has mode copy: sandcage diff ${copy.name}, sandcage export ${copy.name}.\n` +
      "For the other way: workspace: { mode: promote }, then sandcage start",
    exit: EXIT.usage,
    code: "usage",
  });
}

/**
 * Refuses what has no meaning in a cage whose commits come back by themselves.
 *
 * @param what The command, as in `sandcage export`.
 * @throws {UserError} Of code `usage`.
 */
export function refusePromoted(copy: CopyRecord, what: string): void {
  if (!isPromoted(copy)) return;
  throw new UserError(`Cannot use ${what} with "${copy.name}": its commits land by themselves`, {
    hint: `See how they stand: sandcage status ${copy.name}; land them now: ` +
      `sandcage promote ${copy.name}`,
    exit: EXIT.usage,
    code: "usage",
  });
}

/** Connects to the engine of a promoted cage. Its project's configuration has no say. */
export async function openPromoteSite(
  copy: PromoteCopy,
  context: CageContext,
): Promise<PromoteSite> {
  const { host } = context;
  const { gitDir, worktree } = copy.promote.pin;
  return {
    copy,
    dir: cageDir(host.stateDir, copy.id),
    engine: await connectCopyEngine(copy, context),
    git: createGit({ gitDir, worktree, env: host.env }),
    host,
  };
}

/**
 * Finds a container of a cage in which something runs for the user; `undefined` where none is.
 *
 * @throws {UserError} If the engine does not answer.
 */
export async function findRunning(
  site: Pick<PromoteSite, "copy" | "engine">,
): Promise<string | undefined> {
  const labels = { [LABEL.managed]: "true", [LABEL.cage]: site.copy.id, [LABEL.role]: "agent" };
  const filters = Object.entries(labels).map(([name, value]) => `label=${name}=${value}`);
  const result = await site.engine.docker([
    ...["ps", "--quiet", "--no-trunc"],
    ...[...filters, "status=running"].flatMap((filter) => ["--filter", filter]),
  ]);
  if (result.code !== 0) {
    throw new UserError(`Cannot look what runs in "${site.copy.name}"`, {
      hint: result.stderr.trim(),
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
  // The newest is named first.
  return result.stdout.split("\n").find((line) => line !== "");
}

/** Plans who answers for the repository inside: what runs there, else a container of its own. Pure. */
export function planFetchSource(
  site: Pick<PromoteSite, "copy" | "engine">,
  running: string | undefined,
): FetchSource {
  const { copy, engine } = site;
  const args = running === undefined
    ? planInnerGitArgs(copy, {
      image: copy.promote.image,
      access: "read",
      args: ["upload-pack", INSIDE.workProject],
    })
    : ["exec", "--interactive", running, "git", "upload-pack", INSIDE.workProject];
  return {
    kind: "container",
    command: ["docker", ...args],
    // As the docker client is told which engine is meant.
    env: engine.composeCommand([]).env,
  };
}
