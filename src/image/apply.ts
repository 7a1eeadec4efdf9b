import { join } from "node:path";
import type { EngineFlavor } from "../engine/engine.ts";
import { EXIT, UserError } from "../errors.ts";
import { ensurePrivateDir } from "../files.ts";
import type { Host } from "../host.ts";
import { ensureDebianImage } from "../setup/base_image.ts";
import type { EnsureImagesOptions } from "./build.ts";
import { type BuildFailure, createBuildLog } from "./build_log.ts";
import { type BuildSecrets, planSecretFiles } from "./secret_files.ts";
import type { ImagePlan, ImageSpec } from "./spec.ts";
import { packContext } from "./tar.ts";

/** Upper bound of one image's build: a slow line and a big toolchain, not a hung one. */
const BUILD_TIMEOUT_MS = 60 * 60_000;

/** Beginning of the names of folders that last as long as one build. */
const STAGING_PREFIX = "build-";

/**
 * Removes what killed builds left, a login among it. The caller holds the build lock: nobody uses it.
 */
export async function removeLeftovers(host: Host): Promise<void> {
  const parent = stagingParent(host);
  await ensurePrivateDir(parent);
  for await (const { name } of Deno.readDir(parent)) {
    if (name.startsWith(STAGING_PREFIX)) await Deno.remove(join(parent, name), { recursive: true });
  }
}

/**
 * Sees to the image that the base is built on: fetched anew when asked for, else only when the engine
 * does not have it.
 */
export async function ensureBase(image: ImageSpec, options: EnsureImagesOptions): Promise<void> {
  const { engine, host, io } = options;
  const base = image.args.BASE!;
  if (options.pull === true) {
    using progress = io.progress(`Fetching ${base}`);
    const result = await engine.docker(["pull", base], {
      timeoutMs: BUILD_TIMEOUT_MS,
      ...signalOf(options),
    });
    if (result.code === 0) return progress.done();
    io.warn(`Could not fetch ${base}; the copy on this engine is used: ${lastLine(result.stderr)}`);
  }
  await ensureDebianImage(engine, { host, io, image: base });
}

/**
 * Builds one image, its whole output in a log file below the state directory.
 *
 * @throws {UserError} Code `image-build-failed` with the failing step, or `disk-full`.
 */
export async function buildImage(
  image: ImageSpec,
  options: EnsureImagesOptions & { plan: ImagePlan },
): Promise<void> {
  const { engine, host, io, plan } = options;
  const { flavor } = engine.capabilities;
  await using staging = await makeStaging(image, { plan, host, flavor });
  const logFile = join(host.stateDir, "logs", `build-${slug(image.ref)}-${timestamp()}.log`);
  await ensurePrivateDir(join(host.stateDir, "logs"));
  using log = await Deno.open(logFile, { write: true, create: true, mode: 0o600 });
  using progress = io.progress(`Building ${image.ref} (${image.cause})`);
  const parsed = createBuildLog();
  let shown: string | undefined;
  const result = await engine.docker(planBuildArgs(image, { ...options, staging, flavor }), {
    env: formatBuilderEnv(flavor),
    ...(staging.stdin === undefined ? {} : { stdin: staging.stdin }),
    timeoutMs: BUILD_TIMEOUT_MS,
    ...signalOf(options),
    onOutput(text) {
      log.writeSync(new TextEncoder().encode(text));
      parsed.push(text);
      if (parsed.detail === undefined || parsed.detail === shown) return;
      shown = parsed.detail;
      progress.update(shown);
    },
  });
  if (result.code !== 0) {
    throw buildError(image, {
      failure: parsed.failure,
      stderr: result.stderr,
      logFile,
      timedOut: result.timedOut,
    });
  }
  progress.done();
}

/** Podman has no BuildKit: asked for one, the client would look for an image of it to run there. */
function formatBuilderEnv(flavor: EngineFlavor): Record<string, string> {
  return flavor === "podman"
    ? { DOCKER_BUILDKIT: "0" }
    : { DOCKER_BUILDKIT: "1", BUILDKIT_PROGRESS: "plain" };
}

/** The command line of one build. Pure. */
export function planBuildArgs(
  image: ImageSpec,
  options: {
    plan: Pick<ImagePlan, "proxies">;
    staging: Pick<Staging, "context" | "dockerfile" | "npmrc" | "pipConf">;
    /** Podman's takes neither secrets nor words about its progress. */
    flavor: EngineFlavor;
    noCache?: boolean;
  },
): string[] {
  const { plan, staging, flavor } = options;
  const context = staging.context ?? image.contextDir;
  return [
    "build",
    ...(flavor === "podman" ? [] : ["--progress=plain"]),
    ...(options.noCache === true ? ["--no-cache"] : []),
    ...(image.offline === true ? ["--network", "none"] : []),
    ...[image.ref, ...(image.latest === undefined ? [] : [image.latest])]
      .flatMap((tag) => ["--tag", tag]),
    ...Object.entries(image.args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    // A name without a value: the docker client takes it from its own environment, not from here.
    ...plan.proxies.flatMap((name) => ["--build-arg", name]),
    ...Object.entries(image.labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...(staging.npmrc === undefined ? [] : ["--secret", `id=npmrc,src=${staging.npmrc}`]),
    ...(staging.pipConf === undefined ? [] : ["--secret", `id=pipconf,src=${staging.pipConf}`]),
    ...(context === undefined ? ["-"] : ["--file", staging.dockerfile!, context]),
  ];
}

/** What a build reads: a context in memory, or files that are gone afterwards. */
type Staging = AsyncDisposable & {
  stdin?: Uint8Array;
  /** The user's Dockerfile with its base filled in. */
  dockerfile?: string;
  /** A context of our own that is too large for memory. */
  context?: string;
  /** The npm login as a build secret: never a layer, never an argument. */
  npmrc?: string;
  /** The same for the Python index. */
  pipConf?: string;
};

async function makeStaging(
  image: ImageSpec,
  options: { plan: ImagePlan; host: Host; flavor: EngineFlavor },
): Promise<Staging> {
  const { plan, host, flavor } = options;
  const dir = await Deno.makeTempDir({ dir: stagingParent(host), prefix: STAGING_PREFIX });
  const staging: Staging = {
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
  try {
    const secrets = listSecrets(plan);
    const { dockerfile, files } = flavor === "podman" ? planSecretFiles(image, secrets) : image;
    if (flavor === "docker") Object.assign(staging, await writeSecrets(secrets, dir));
    if (image.archive !== undefined) {
      staging.context = join(dir, "context");
      staging.dockerfile = join(dir, "Dockerfile");
      await Deno.writeTextFile(staging.dockerfile, dockerfile);
      await writeContext(files, { archive: image.archive, to: staging.context });
    } else if (image.contextDir === undefined) {
      staging.stdin = packContext([{ path: "Dockerfile", text: dockerfile }, ...files]);
    } else {
      staging.dockerfile = join(dir, "Dockerfile");
      await Deno.writeTextFile(staging.dockerfile, image.dockerfile);
      await copyIgnoreFile(`${image.dockerfilePath}.dockerignore`, staging.dockerfile);
    }
  } catch (error) {
    await staging[Symbol.asyncDispose]();
    throw error;
  }
  return staging;
}

function listSecrets({ npmrc, pipConf }: ImagePlan): BuildSecrets {
  return {
    ...(npmrc === undefined ? {} : { npmrc }),
    ...(pipConf === undefined ? {} : { pipconf: pipConf }),
  };
}

async function writeSecrets(
  { npmrc, pipconf }: BuildSecrets,
  dir: string,
): Promise<Pick<Staging, "npmrc" | "pipConf">> {
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  return {
    ...(npmrc === undefined ? {} : { npmrc: await write("npmrc", npmrc) }),
    ...(pipconf === undefined ? {} : { pipConf: await write("pip.conf", pipconf) }),
  };
}

async function writeContext(
  files: ImageSpec["files"],
  options: { archive: string; to: string },
): Promise<void> {
  const { archive, to } = options;
  await Deno.mkdir(to, { mode: 0o700 });
  for (const { path, text } of files) await Deno.writeTextFile(join(to, path), text);
  try {
    await Deno.link(archive, join(to, "archive"));
  } catch {
    // Another file system, or one without links.
    await Deno.copyFile(archive, join(to, "archive"));
  }
}

// BuildKit looks for it beside the Dockerfile it is given, which is ours; then in the context.
async function copyIgnoreFile(from: string, dockerfile: string): Promise<void> {
  try {
    await Deno.copyFile(from, `${dockerfile}.dockerignore`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The error of a failed build: which step, what it said last, where the rest is. Pure. */
export function buildError(
  image: Pick<ImageSpec, "ref" | "cause">,
  end: { failure?: BuildFailure; stderr: string; logFile: string; timedOut: boolean },
): UserError {
  const said = end.failure?.lines ?? end.stderr.trim().split("\n").slice(-10);
  if (/no space left on device/i.test(end.stderr) || said.some((line) => /ENOSPC/.test(line))) {
    return new UserError(`The engine's disk is full: cannot build ${image.ref} (${image.cause})`, {
      hint: "Free space, for example: docker builder prune, or sandcage reset --images; " +
        `then run it again. Log: ${end.logFile}`,
      exit: EXIT.engine,
      code: "disk-full",
    });
  }
  const step = end.failure === undefined ? "" : `\n  step: ${end.failure.step}`;
  const lines = said.map((line) => `\n  | ${line}`).join("");
  const what = end.timedOut ? "took longer than an hour" : "failed";
  return new UserError(`Building ${image.ref} (${image.cause}) ${what}${step}${lines}`, {
    hint: `The whole log: ${end.logFile}`,
    exit: EXIT.failed,
    code: "image-build-failed",
  });
}

function stagingParent(host: Host): string {
  return join(host.stateDir, "tmp");
}

function signalOf(options: { signal?: AbortSignal }): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function slug(ref: string): string {
  return ref.replace(/[^A-Za-z0-9.-]+/g, "-");
}

function timestamp(): string {
  return new Date().toISOString().replace(/[:.]/g, "-");
}
