import { join } from "node:path";
import type { Config } from "../../config/schema.ts";
import { parseDurationMs } from "../../config/units.ts";
import type { Engine } from "../../engine/engine.ts";
import { EXIT, UserError } from "../../errors.ts";
import { planSealedRun } from "../../engine/sealed_run.ts";
import { INSIDE } from "../../names.ts";
import { recordedProject } from "../../project/root.ts";
import { planGhost } from "../ghost.ts";
import { createGit, type Git } from "../git.ts";
import type { PromoteRecord, PromoteSettings } from "../record.ts";
import { INNER_BRANCH, makeSnapshot, observeGround, writeSnapshotRepository } from "../snapshot.ts";
import type { Identity, Pin } from "../types.ts";
import { openCourier } from "../../transfer/courier.ts";
import type { CopyCage } from "../../transfer/types.ts";
import { GIT_ENV, GIT_MIB } from "../../copy/inside.ts";
import { PROJECT_ROOT } from "../../copy/names.ts";
import type { CopyRecord } from "../../copy/record.ts";
import { packDirectory } from "../../copy/repository.ts";
import type { CageContext } from "../../cage/prepare.ts";

/** Upper bound of writing the files of a project inside, in milliseconds. */
const CHECKOUT_MS = 10 * 60_000;

/**
 * Binds a new cage to the branch its project is on and gives it a repository of its own: one commit
 * with what is committed there, by nobody.
 *
 * @param options.image Has git; the files are written by it, in the volume.
 * @throws {UserError} If the working tree has no branch, or nobody's name is known.
 */
export async function fillPromoteCage(
  cage: CopyCage,
  options: { config: Config; image: string; context: CageContext },
): Promise<PromoteRecord> {
  const { config, image, context } = options;
  const { io, signal } = context;
  using step = io.progress("Taking a snapshot of the branch");
  const { git, place } = await openUserGit(cage.roots[0]!.hostPath, context);
  const settings = await readPromoteSettings(config, { git, image });
  const ghost = planGhost(crypto.getRandomValues(new Uint32Array(3)));
  const pin: Omit<Pin, "snapshot"> = {
    cage: cage.id,
    ...place,
    ...await observeGround(git),
    innerBranch: INNER_BRANCH,
  };
  const scratch = join(cage.dir, "snapshot.index");
  const snapshot = await makeSnapshot(git, pin, { ghost, scratch, nowMs: Date.now() });
  const to = join(cage.dir, "making.git");
  await removeAll(to);
  try {
    await writeSnapshotRepository(git, to, { snapshot, signal });
    await using courier = await openCourier(cage, { signal });
    await courier.fill(`${PROJECT_ROOT}/.git`, packDirectory(to));
  } finally {
    await removeAll(to);
  }
  step.update("writing the files");
  await checkOut(cage, { engine: cage.engine, image, signal });
  step.done(`${pin.branch.replace(/^refs\/heads\//, "")} at ${pin.base.slice(0, 12)}`);
  return { pin: { ...pin, snapshot }, ghost, ...settings };
}

/**
 * Refuses a project that commits cannot land on, before anything is made for it.
 *
 * @throws {UserError} If it has no branch, nobody's name is known, or it brings other directories.
 */
export async function requirePromotable(
  copy: Pick<CopyRecord, "roots">,
  options: { config: Pick<Config, "promotion">; context: CageContext },
): Promise<void> {
  if (copy.roots.length > 1) {
    throw new UserError("Cannot have other directories in a cage whose commits are promoted", {
      hint: "Leave out --add-dir and workspace.dirs, or use mode copy",
      exit: EXIT.usage,
      code: "usage",
    });
  }
  const { git } = await openUserGit(copy.roots[0]!.hostPath, options.context);
  await observeGround(git);
  await readPromoteSettings(options.config, { git, image: "" });
}

/** The user's repository, and where its parts are. */
export async function openUserGit(
  projectPath: string,
  { host }: Pick<CageContext, "host">,
): Promise<{ git: Git; place: Pick<Pin, "worktree" | "gitDir" | "commonDir"> }> {
  const { path, gitDir, commonDir } = await recordedProject(projectPath);
  if (gitDir === undefined || commonDir === undefined) {
    throw new UserError(`Cannot promote into ${JSON.stringify(path)}: it is no git repository`, {
      hint: "Make it one: git init && git add -A && git commit; or use mode copy",
      exit: EXIT.config,
      code: "project-refused",
    });
  }
  return {
    git: createGit({ gitDir, worktree: path, env: host.env }),
    place: { worktree: path, gitDir, commonDir },
  };
}

/**
 * What the configuration says about promoted commits.
 *
 * @throws {UserError} If nobody's name is in the configuration or known to git.
 */
export async function readPromoteSettings(
  config: Pick<Config, "promotion">,
  options: { git: Git; image: string },
): Promise<PromoteSettings> {
  const { name, email, interval, sign, branches } = config.promotion;
  const known = await findGitIdentity(options.git);
  const identity = { name: name ?? known.name, email: email ?? known.email };
  if (!isWhole(identity)) {
    throw new UserError("Cannot promote commits: whose they are is not known", {
      hint: "Set it: git config --global user.name NAME, git config --global user.email MAIL;\n" +
        "or in the configuration: promotion: { name: NAME, email: MAIL }",
      exit: EXIT.config,
      code: "config-invalid",
    });
  }
  return { identity, intervalMs: parseDurationMs(interval), sign, branches, image: options.image };
}

function isWhole(identity: Partial<Identity>): identity is Identity {
  return identity.name !== undefined && identity.email !== undefined;
}

async function findGitIdentity(git: Git): Promise<Partial<Identity>> {
  const read = async (key: string) => {
    const { code, stdout } = await git.run(["config", "--get", key]);
    const text = new TextDecoder().decode(stdout).trim();
    return code === 0 && text !== "" ? text : undefined;
  };
  const [name, email] = await Promise.all([read("user.name"), read("user.email")]);
  return { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
}

/** The files are written by the git inside: names of any bytes, attributes and links as it has them. */
async function checkOut(
  cage: Pick<CopyCage, "id" | "name" | "user" | "volumes">,
  options: { engine: Pick<Engine, "docker">; image: string; signal: AbortSignal | undefined },
): Promise<void> {
  const { engine, image, signal } = options;
  const { code, stderr } = await engine.docker(
    planInnerGitArgs(cage, {
      image,
      access: "write",
      args: ["-C", INSIDE.workProject, "read-tree", "--reset", "-u", "HEAD"],
    }),
    { timeoutMs: CHECKOUT_MS, ...(signal === undefined ? {} : { signal }) },
  );
  if (code === 0) return;
  throw new UserError(
    `Cannot write the files of "${cage.name}" inside: ${stderr.trim().split("\n").at(-1)}`,
    { hint: "See what the engine says: sandcage doctor", exit: EXIT.engine, code: "engine-failed" },
  );
}

/**
 * Arguments of a container that runs git on the volume of a cage and is gone afterwards: without a
 * network, as the cage's user. Pure.
 */
export function planInnerGitArgs(
  cage: Pick<CopyRecord, "id" | "user" | "volumes">,
  options: { image: string; access: "read" | "write"; args: readonly string[] },
): string[] {
  const { image, access, args } = options;
  const readonly = access === "read" ? ",readonly" : "";
  return planSealedRun({
    image,
    command: ["git", ...args],
    user: cage.user,
    cageId: cage.id,
    mounts: [`type=volume,source=${cage.volumes.work},target=${INSIDE.work}${readonly}`],
    memoryMiB: GIT_MIB,
    env: GIT_ENV,
    stdin: "open",
  });
}

async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
