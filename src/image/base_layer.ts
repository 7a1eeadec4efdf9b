import { EXIT, UserError } from "../errors.ts";
import { IMAGE } from "../names.ts";
import { BASE_DOCKERFILE, BASE_FILES } from "./assets.ts";
import { cageCaEnv } from "./env.ts";
import { type ImageConfig, type ImageFacts, type ImageSpec, nameImage } from "./spec.ts";
import { formatEnv, parseMirror } from "./steps.ts";
import { BASE_VERSIONS, NODE_PACKAGE } from "./versions.ts";

/**
 * Plans the image that every other one stands on or is made with. Pure.
 *
 * @throws {UserError} With code `config-invalid`, for a mirror that is no address.
 */
export function planBase(config: Pick<ImageConfig, "image">, facts: ImageFacts): ImageSpec {
  const mirror = parseMirror(config.image.args.DEBIAN_MIRROR);
  return nameImage({
    repository: IMAGE.base,
    dockerfile: BASE_DOCKERFILE + formatEnv(cageCaEnv()) +
      "ENV LANG=C.UTF-8 NPM_CONFIG_PREFIX=/usr/local\n",
    files: [
      { path: "ca/", text: "" },
      ...facts.ca.map((pem, index) => ({ path: `ca/host-${index + 1}.crt`, text: pem })),
      ...BASE_FILES,
    ],
    args: {
      BASE: config.image.base,
      NODE_PACKAGE: findNodePackage(facts.arch),
      NODE_VERSION: BASE_VERSIONS.node,
      NPM_VERSION: BASE_VERSIONS.npm,
      COREPACK_VERSION: BASE_VERSIONS.corepack,
      ...(mirror === undefined ? {} : { DEBIAN_MIRROR: mirror }),
    },
    latest: true,
    cause: `${config.image.base}, Node ${BASE_VERSIONS.node}`,
  });
}

/**
 * The npm package that holds Node for an architecture. Pure.
 *
 * @throws {UserError} With code `engine-failed`, for one that Node is not made for.
 */
export function findNodePackage(arch: string): string {
  if (arch === "x86_64" || arch === "aarch64") return NODE_PACKAGE[arch];
  throw new UserError(`Cannot build images for the architecture ${arch} of this engine`, {
    hint: "Use an engine on x86_64 or aarch64",
    exit: EXIT.engine,
    code: "engine-failed",
  });
}
