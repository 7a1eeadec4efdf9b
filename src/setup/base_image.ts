import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { type Run, run as spawnProcess } from "../engine/process.ts";
import { EXIT, UserError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import { IMAGE, LABEL } from "../names.ts";
import { planDebootstrap } from "./base_image_plan.ts";
import { observeAptSources } from "./engine_facts.ts";
import { findDistribution } from "./engine_facts.ts";
import { createStepError } from "./step_error.ts";
import { makeRootDir } from "./root_dir.ts";

/** Deadlines in milliseconds: a pull over a slow line, a debootstrap from a slow mirror. */
const PULL_TIMEOUT_MS = 5 * 60_000;
const BUILD_TIMEOUT_MS = 15 * 60_000;
const IMPORT_TIMEOUT_MS = 5 * 60_000;
/** A registry that prints nothing for this long is not there. */
const PULL_SILENCE_MS = 30_000;

/** How {@link ensureDebianImage} may act. */
export type EnsureImageOptions = {
  host: Host;
  io: Pick<Io, "progress" | "warn">;
  /** Reference of the image everything starts from: `image.base`. */
  image: string;
  /** Replaces real processes other than docker's in tests. */
  run?: Run;
  signal?: AbortSignal;
};

/**
 * Makes sure the engine has the base image: already there, pulled, or, where no registry answers and
 * it is Debian's own, made by debootstrap from the archive this machine uses.
 *
 * @throws {UserError} Exit 4, if none of these works.
 */
export async function ensureDebianImage(
  engine: Pick<Engine, "docker">,
  options: EnsureImageOptions,
): Promise<void> {
  const { image } = options;
  const present = await engine.docker(["image", "inspect", "--format", "{{.Id}}", image]);
  if (present.code === 0) return;
  const refusal = await pullImage(engine, options);
  if (refusal === undefined) return;
  const facts = {
    platform: options.host.platform,
    uid: options.host.user.uid,
    distribution: await findDistribution(),
    aptSources: await observeAptSources(),
  };
  const plan = image === IMAGE.debian ? planDebootstrap(facts) : undefined;
  if (plan === undefined) {
    throw new UserError(`Cannot get the base image ${image}: ${refusal}`, {
      hint:
        "Check the network and the registry login, set image.base in the config to a registry " +
        `or mirror you can reach, or load it yourself: docker load, docker pull ${image}`,
      exit: EXIT.engine,
      code: "engine-failed",
    });
  }
  await buildImage(engine, { ...options, plan });
}

/** Pulls; answers why it could not, in the registry's words. */
async function pullImage(
  engine: Pick<Engine, "docker">,
  options: EnsureImageOptions,
): Promise<string | undefined> {
  using step = options.io.progress(`Pull ${options.image}`);
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), PULL_SILENCE_MS);
  };
  listen();
  try {
    const result = await engine.docker(["pull", options.image], {
      timeoutMs: PULL_TIMEOUT_MS,
      signal: AbortSignal.any([silence.signal, ...(options.signal ? [options.signal] : [])]),
      onOutput: (text) => {
        listen();
        step.update(text.trim().split(/[\r\n]/).at(-1) ?? "");
      },
    });
    if (result.code !== 0) {
      step.done("no registry answers");
      return result.stderr.trim().split("\n").at(-1) || `exit code ${result.code}`;
    }
    step.done();
    return undefined;
  } catch (error) {
    if (!silence.signal.aborted) throw error;
    step.done("no registry answers");
    return `no word from the registry within ${PULL_SILENCE_MS / 1000} s`;
  } finally {
    clearTimeout(timer);
  }
}

type BuildOptions = EnsureImageOptions & { plan: ReturnType<typeof planDebootstrap> & object };

async function buildImage(
  engine: Pick<Engine, "docker">,
  options: BuildOptions,
): Promise<void> {
  const { plan, io, image, run = spawnProcess } = options;
  await Deno.mkdir(options.host.stateDir, { recursive: true, mode: 0o700 });
  const log = join(options.host.stateDir, "setup-image.log");
  await using dir = await makeRootDir({ run, signal: options.signal });

  for (const step of plan.steps(dir.path)) {
    if (step.unless !== undefined && await isFile(step.unless)) continue;
    using progress = io.progress(step.title);
    const [program = "", ...args] = step.command;
    const result = await run(program, args, {
      timeoutMs: BUILD_TIMEOUT_MS,
      signal: dir.signal,
      env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
      onOutput: (text) => progress.update(text.trim().split(/[\r\n]/).at(-1) ?? ""),
    });
    await Deno.writeTextFile(log, result.stdout + result.stderr, { append: true, mode: 0o600 });
    if (result.code !== 0) throw createStepError(step.title, { ...result, log });
    progress.done();
  }
  using progress = io.progress(`Import ${image}`);
  const changes = [`LABEL ${LABEL.managed}=true`, 'CMD ["bash"]'];
  const args = changes.flatMap((change) => ["--change", change]);
  const result = await engine.docker(["import", ...args, plan.archive(dir.path), image], {
    timeoutMs: IMPORT_TIMEOUT_MS,
    signal: dir.signal,
  });
  if (result.code !== 0) throw createStepError(`Import ${image}`, { ...result, log });
  progress.done();
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
