import courierDockerfile from "../../images/courier/courier.Dockerfile" with { type: "text" };
import packageLock from "../../images/courier/package-lock.json" with { type: "text" };
import packageManifest from "../../images/courier/package.json" with { type: "text" };
import { IMAGE } from "../names.ts";
import type { ContextFile } from "./assets.ts";
import { COURIER_SOURCES } from "./courier_sources.ts";
import { planBase } from "./base_layer.ts";
import {
  type ImageConfig,
  type ImageFacts,
  type ImagePlan,
  type ImageSpec,
  nameImage,
} from "./spec.ts";

/** Everything the courier is built from; the base image bundles it and is not in the result. */
const FILES: readonly ContextFile[] = [
  { path: "package.json", text: packageManifest },
  { path: "package-lock.json", text: packageLock },
  ...Object.entries(COURIER_SOURCES).map(([path, text]) => ({ path, text })),
];

/**
 * Plans the image of what carries files into and out of copy cages, the same for every project of
 * one base. Looks at nothing; a promise only because the engine's SHA-256 is.
 *
 * @throws {UserError} With code `config-invalid`, for a mirror that is no address.
 */
export async function planCourierImage(
  options: { config: Pick<ImageConfig, "image">; facts: ImageFacts },
): Promise<ImagePlan> {
  const { facts } = options;
  const base = planBase(options.config, facts);
  const courier: ImageSpec = {
    ...nameImage({
      repository: IMAGE.courier,
      dockerfile: courierDockerfile,
      args: { PARENT: base.ref },
      inputs: await fingerprint(),
      cause: "the way to the files of cages",
    }),
    files: FILES,
  };
  return {
    images: [base, courier],
    final: courier,
    proxies: facts.proxies,
    ...(facts.npmrc === undefined ? {} : { npmrc: facts.npmrc }),
  };
}

async function fingerprint(): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(FILES));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
