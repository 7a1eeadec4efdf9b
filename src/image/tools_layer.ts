import { IMAGE } from "../names.ts";
import { quoteShell } from "../shell_quote.ts";
import { BUILD_DIR } from "./assets.ts";
import { findNodePackage } from "./base_layer.ts";
import { type CustomDockerfile, rewriteDockerfile } from "./dockerfile.ts";
import { type ImageConfig, type ImageFacts, type ImageSpec, nameImage } from "./spec.ts";
import { APT_MOUNTS, formatStep, NPM_MOUNTS, stepFiles } from "./steps.ts";
import { planToolchains } from "./toolchains.ts";
import { MISE_PACKAGE } from "./versions.ts";

/** Packages that toolchains built from source parts need, and that wheels and gems link against. */
const TOOLCHAIN_PACKAGES = ["build-essential", "libssl-dev", "pkg-config"];

/**
 * Plans what a project has of its own between base and agent: packages, toolchains, its Dockerfile.
 * Pure.
 *
 * @throws {UserError} With code `config-invalid`, for toolchains or a Dockerfile that cannot work.
 */
export function planTools(
  config: ImageConfig,
  options: { base: ImageSpec; facts: ImageFacts },
): ImageSpec[] {
  const { base, facts } = options;
  const images: ImageSpec[] = [];
  const toolchains = planToolchains(config.toolchains);
  const packages = [
    ...new Set([
      ...toolchains.packages,
      ...(toolchains.mise.length > 0 ? TOOLCHAIN_PACKAGES : []),
      ...config.packages,
    ]),
  ].toSorted();
  const node = toolchains.node;
  const lines = [
    ...(packages.length === 0 ? [] : [
      `RUN ${APT_MOUNTS} \\\n    ${BUILD_DIR}/apt-install ${packages.map(quoteShell).join(" ")}`,
    ]),
    ...(node === undefined ? [] : [
      `RUN ${NPM_MOUNTS} \\\n    NODE_PACKAGE=${findNodePackage(facts.arch)} ` +
      `NODE_VERSION=${node.version} NPM_VERSION=${node.npm} \\\n` +
      `    ${BUILD_DIR}/node-install /opt/toolchains/node \\\n` +
      `    && ln -sf /opt/toolchains/node/bin/* /usr/local/bin/`,
    ]),
    ...(toolchains.mise.length === 0 ? [] : [
      formatStep("toolchain-install", {
        mounts: NPM_MOUNTS,
        args: [MISE_PACKAGE, ...toolchains.mise],
      }),
    ]),
  ];
  if (lines.length > 0) {
    images.push(nameImage({
      repository: IMAGE.tools,
      dockerfile: `FROM ${base.ref}\n${lines.join("\n")}\n`,
      files: toolchains.mise.length === 0 ? [] : stepFiles("toolchain-install"),
      cause: formatToolsCause(config),
    }));
  }
  if (facts.dockerfile !== undefined) {
    images.push(planCustom(config, { parent: images.at(-1) ?? base, file: facts.dockerfile }));
  }
  return images;
}

function planCustom(
  config: ImageConfig,
  options: { parent: ImageSpec; file: CustomDockerfile },
): ImageSpec {
  const { parent, file } = options;
  return nameImage({
    repository: IMAGE.tools,
    dockerfile: rewriteDockerfile(file, parent.ref),
    contextDir: file.context,
    dockerfilePath: file.path,
    args: config.image.args,
    inputs: file.fingerprint,
    cause: file.path,
  });
}

function formatToolsCause(config: ImageConfig): string {
  const toolchains = Object.entries(config.toolchains).toSorted()
    .map(([name, version]) => `${name} ${version}`);
  return [
    ...(toolchains.length === 0 ? [] : [`toolchains ${toolchains.join(", ")}`]),
    ...(config.packages.length === 0 ? [] : [`packages ${config.packages.join(", ")}`]),
  ].join("; ");
}
