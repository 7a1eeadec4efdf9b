import { planBase } from "./base_layer.ts";
import type { ContextFile } from "./assets.ts";
import {
  type ImageConfig,
  type ImageDraft,
  type ImageFacts,
  type ImagePlan,
  type ImageSpec,
  nameImage,
} from "./spec.ts";

/** A program of ours that runs alone in an image: what it is bundled from. */
export type BundleSources = {
  manifest: string;
  lock: string;
  /** Texts by path. */
  sources: Readonly<Record<string, string>>;
};

/** Everything a program is built from; the base image bundles it and is not in the result. */
export function listBundleFiles({ manifest, lock, sources }: BundleSources): ContextFile[] {
  return [
    { path: "package.json", text: manifest },
    { path: "package-lock.json", text: lock },
    ...Object.entries(sources).map(([path, text]) => ({ path, text })),
  ];
}

/**
 * Plans the image of such a program, the same for every project of one base. Looks at nothing; a
 * promise only because the engine's SHA-256 is: half a megabyte of sources would cost ours 20 ms of
 * every start.
 *
 * @throws {UserError} With code `config-invalid`, for a mirror that is no address.
 */
export async function planBundleImage(
  program: Pick<ImageDraft, "repository" | "dockerfile" | "cause"> & {
    files: readonly ContextFile[];
  },
  options: { config: Pick<ImageConfig, "image">; facts: ImageFacts },
): Promise<ImagePlan> {
  const { files, ...draft } = program;
  const { facts } = options;
  const base = planBase(options.config, facts);
  const final: ImageSpec = {
    ...nameImage({ ...draft, args: { PARENT: base.ref }, inputs: await fingerprint(files) }),
    files,
  };
  return {
    images: [base, final],
    final,
    proxies: facts.proxies,
    ...(facts.npmrc === undefined ? {} : { npmrc: facts.npmrc }),
  };
}

async function fingerprint(files: readonly ContextFile[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(files));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
