import gatewayDockerfile from "../../images/gateway/gateway.Dockerfile" with { type: "text" };
import packageLock from "../../images/gateway/package-lock.json" with { type: "text" };
import packageManifest from "../../images/gateway/package.json" with { type: "text" };
import { IMAGE } from "../names.ts";
import type { ContextFile } from "./assets.ts";
import { GATEWAY_SOURCES } from "./gateway_sources.ts";
import { planBase } from "./base_layer.ts";
import {
  type ImageConfig,
  type ImageFacts,
  type ImagePlan,
  type ImageSpec,
  nameImage,
} from "./spec.ts";

/** Everything the gateway is built from; the base image bundles it and is not in the result. */
const FILES: readonly ContextFile[] = [
  { path: "package.json", text: packageManifest },
  { path: "package-lock.json", text: packageLock },
  ...Object.entries(GATEWAY_SOURCES).map(([path, text]) => ({ path, text })),
];

/**
 * Plans the gateway's image, the same for every project of one base. Looks at nothing; a promise only
 * because the engine's SHA-256 is: half a megabyte of sources would cost ours 20 ms of every start.
 *
 * @throws {UserError} With code `config-invalid`, for a mirror that is no address.
 */
export async function planGatewayImage(
  options: { config: Pick<ImageConfig, "image">; facts: ImageFacts },
): Promise<ImagePlan> {
  const { facts } = options;
  const base = planBase(options.config, facts);
  const gateway: ImageSpec = {
    ...nameImage({
      repository: IMAGE.gateway,
      dockerfile: gatewayDockerfile,
      args: { PARENT: base.ref },
      inputs: await fingerprint(),
      cause: "the way out of cages",
    }),
    files: FILES,
  };
  return {
    images: [base, gateway],
    final: gateway,
    proxies: facts.proxies,
    ...(facts.npmrc === undefined ? {} : { npmrc: facts.npmrc }),
  };
}

async function fingerprint(): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(FILES));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
