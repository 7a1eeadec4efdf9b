import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { inspectAll } from "../engine/inspect.ts";
import { type FileLock, lockFile, tryLockFile } from "../files.ts";
import type { Host } from "../host.ts";
import type { Io } from "../io.ts";
import { LABEL } from "../names.ts";
import type { ImagePlan, ImageSpec } from "./spec.ts";

/** How to bring images about. */
export type EnsureImagesOptions = {
  engine: Engine;
  host: Host;
  io: Io;
  /** Builds every image of the plan again, from nothing. */
  noCache?: boolean;
  /** Fetches the Debian base anew first, and builds again what stands on it. */
  pull?: boolean;
  signal?: AbortSignal;
};

/**
 * Makes sure that every image of a plan exists, and builds what is missing. Unchanged, it costs one
 * `docker inspect`. Two processes that want the same image build it once: the second waits.
 *
 * @returns The reference the service runs in.
 * @throws {UserError} Code `image-build-failed` with the failing step, or `disk-full`.
 */
export async function ensureImages(
  plan: ImagePlan,
  options: EnsureImagesOptions,
): Promise<string> {
  await ensureAllImages([plan], options);
  return plan.final.ref;
}

/** {@link ensureImages} for several plans; what they share is looked at and built once. */
export async function ensureAllImages(
  plans: readonly ImagePlan[],
  options: EnsureImagesOptions,
): Promise<void> {
  const { engine, host, io } = options;
  const fresh = options.noCache === true || options.pull === true;
  const unbuilt = fresh ? [] : await findUnbuilt(plans.map(({ final }) => final), engine);
  const wanted = fresh ? plans : plans.filter(({ final }) => unbuilt.includes(final));
  if (wanted.length === 0) return;
  // Most starts build nothing and load nothing of this.
  const { buildImage, ensureBase, removeLeftovers } = await import("./apply.ts");
  using _lock = await lockBuilds(host, io);
  await removeLeftovers(host);
  const seen = new Set<string>();
  for (const plan of wanted) {
    for (const image of plan.images) {
      options.signal?.throwIfAborted();
      if (seen.has(image.ref)) continue;
      seen.add(image.ref);
      if (!fresh && (await findUnbuilt([image], engine)).length === 0) continue;
      if (image === plan.images[0]) await ensureBase(image, options);
      await buildImage(image, { ...options, plan });
    }
  }
}

/** The images that this engine does not hold, or holds under a tag somebody else made; one call. */
export async function findUnbuilt(
  images: readonly ImageSpec[],
  engine: Pick<Engine, "docker">,
): Promise<ImageSpec[]> {
  const found = await inspectAll(engine, images.map(({ ref }) => ref));
  return images.filter(({ ref, recipe }) => found.get(ref)?.labels[LABEL.recipe] !== recipe);
}

async function lockBuilds(host: Host, io: Io): Promise<FileLock> {
  const path = join(host.stateDir, "locks", "build.lock");
  const lock = await tryLockFile(path);
  if (lock !== undefined) return lock;
  io.talk("Another sandcage is building images; waiting for it");
  return await lockFile(path);
}
