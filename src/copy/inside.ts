import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import { planSealedRun } from "../engine/sealed_run.ts";
import { INSIDE } from "../names.ts";
import type { CopyRecord } from "./record.ts";
import { type CageContext, locateCage, planSite } from "../cage/prepare.ts";

/** The repository inside, as git inside tells it: the agent rules there, so this is a hint. */
export type InsideGit = {
  /** Short name of the branch; absent at none. */
  branch?: string;
  /** The commit that HEAD is; absent before the first. */
  head?: string;
  /** Commits of branches and HEAD that are not on the host; `undefined` when git cannot tell. */
  ahead?: number;
  stashes: number;
};

/** Upper bound of asking git inside, in milliseconds. */
const ASK_TIMEOUT_MS = 180_000;

/**
 * Asks git about the repository inside, in a container of its own without a network: what its
 * config makes git run runs there.
 *
 * @returns `undefined` where there is no repository.
 */
export async function observeInsideGit(
  copy: CopyRecord,
  context: CageContext,
): Promise<InsideGit | "no image" | undefined> {
  const found = await findInsideImage(copy, context);
  if (found === undefined) return "no image";
  const { engine, image } = found;
  const result = await engine.docker(planAsk(copy, image), { timeoutMs: ASK_TIMEOUT_MS });
  return parseInsideGit(result.stdout);
}

/** An image of a cage that has git, on the cage's engine; `undefined` when none was built. */
export async function findInsideImage(
  copy: CopyRecord,
  context: CageContext,
): Promise<{ engine: Engine; image: string } | undefined> {
  const { engine, images: { images, final } } = await planSite(
    await locateCage({ service: copy.service, copy }, context),
    context,
  );
  const refs = [final.ref, images[0]!.ref];
  const present = await inspectAll(engine, refs);
  const image = refs.find((ref) => present.has(ref));
  return image === undefined ? undefined : { engine, image };
}

const SCRIPT = `cd ${INSIDE.workProject} && [ -e .git ] || exit 0
git rev-parse --git-dir >/dev/null || { echo "head="; exit 0; }
head=$(git rev-parse --quiet --verify HEAD)
echo "head=$head"
echo "branch=$(git symbolic-ref --quiet --short HEAD)"
echo "stashes=$(git rev-list --walk-reflogs --count refs/stash 2>/dev/null || echo 0)"
if [ -n "$head$(git for-each-ref --count=1 refs/heads)" ]; then
  echo "ahead=$(git rev-list --ignore-missing --count $head --branches --not --remotes "$@")"
else
  echo "ahead=0"
fi`;

/** Arguments of the container that answers. Pure. */
export function planAsk(
  copy: Pick<CopyRecord, "id" | "user" | "volumes" | "baseCommit" | "takenCommits">,
  image: string,
): string[] {
  return planInside(copy, image, { script: SCRIPT, args: listKnown(copy), readonly: true });
}

/** Commits inside up to which all is on the host. Pure. */
export function listKnown(copy: Pick<CopyRecord, "baseCommit" | "takenCommits">): string[] {
  const { baseCommit, takenCommits = [] } = copy;
  return [...(baseCommit === undefined ? [] : [baseCommit]), ...takenCommits];
}

/** For git in a repository of any size, and so that it reads no settings but the repository's. */
export const GIT_MIB = 1024;
export const GIT_ENV = ["HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"];

/**
 * Arguments of a throw-away container that runs a shell script over a cage's files, without a network:
 * what the config of a repository makes git run runs there. Pure.
 */
export function planInside(
  copy: Pick<CopyRecord, "id" | "user" | "volumes">,
  image: string,
  call: { script: string; args: readonly string[]; readonly: boolean },
): string[] {
  const mode = call.readonly ? ",readonly" : "";
  return planSealedRun({
    image,
    command: ["/bin/sh", "-c", call.script, "sh", ...call.args],
    user: copy.user,
    cageId: copy.id,
    mounts: [`type=volume,source=${copy.volumes.work},target=${INSIDE.work}${mode}`],
    memoryMiB: GIT_MIB,
    env: GIT_ENV,
    stdin: "none",
  });
}

/** Reads what the container printed. Pure. */
export function parseInsideGit(text: string): InsideGit | undefined {
  const values = new Map(
    text.slice(0, MOST_CHARS).split("\n").flatMap((line) => {
      const cut = line.indexOf("=");
      return cut < 0 ? [] : [[line.slice(0, cut), line.slice(cut + 1)] as const];
    }),
  );
  if (!values.has("head")) return undefined;
  const head = values.get("head")!;
  const branch = values.get("branch") ?? "";
  const ahead = parseCount(values.get("ahead"));
  return {
    ...(branch === "" ? {} : { branch }),
    ...(/^[0-9a-f]{40,64}$/.test(head) ? { head } : {}),
    ...(ahead === undefined ? {} : { ahead }),
    stashes: parseCount(values.get("stashes")) ?? 0,
  };
}

/** More is not read of what an agent may have had a hand in. */
const MOST_CHARS = 4096;

/** A number as git counts. Pure. */
export function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
