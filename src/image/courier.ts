import courierDockerfile from "../../images/courier/courier.Dockerfile" with { type: "text" };
import packageLock from "../../images/courier/package-lock.json" with { type: "text" };
import packageManifest from "../../images/courier/package.json" with { type: "text" };
import { IMAGE } from "../names.ts";
import { listBundleFiles, planBundleImage } from "./bundle_image.ts";
import { COURIER_SOURCES } from "./courier_sources.ts";
import type { ImageConfig, ImageFacts, ImagePlan } from "./spec.ts";

const FILES = listBundleFiles({
  manifest: packageManifest,
  lock: packageLock,
  sources: COURIER_SOURCES,
});

/**
 * Plans the image of what carries files into and out of copy cages.
 *
 * @throws {UserError} With code `config-invalid`, for a mirror that is no address.
 */
export function planCourierImage(
  options: { config: Pick<ImageConfig, "image">; facts: ImageFacts },
): Promise<ImagePlan> {
  return planBundleImage({
    repository: IMAGE.courier,
    dockerfile: courierDockerfile,
    files: FILES,
    cause: "the way to the files of cages",
  }, options);
}
