import gatewayDockerfile from "../../images/gateway/gateway.Dockerfile" with { type: "text" };
import packageLock from "../../images/gateway/package-lock.json" with { type: "text" };
import packageManifest from "../../images/gateway/package.json" with { type: "text" };
import { IMAGE } from "../names.ts";
import { listBundleFiles, planBundleImage } from "./bundle_image.ts";
import { GATEWAY_SOURCES } from "./gateway_sources.ts";
import type { ImageConfig, ImageFacts, ImagePlan } from "./spec.ts";

const FILES = listBundleFiles({
  manifest: packageManifest,
  lock: packageLock,
  sources: GATEWAY_SOURCES,
});

/**
 * Plans the image of the way out of sessions.
 *
 * @throws {UserError} With code `config-invalid`, for a mirror that is no address.
 */
export function planGatewayImage(
  options: { config: Pick<ImageConfig, "image">; facts: ImageFacts },
): Promise<ImagePlan> {
  return planBundleImage({
    repository: IMAGE.gateway,
    dockerfile: gatewayDockerfile,
    files: FILES,
    cause: "the way out of cages",
  }, options);
}
