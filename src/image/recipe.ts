import { sha256Hex } from "../hash.ts";
import { quoteShell } from "../shell_quote.ts";
import type { Config } from "../config/schema.ts";
import { EXIT, UserError } from "../errors.ts";
import { IMAGE, INSIDE, LABEL } from "../names.ts";
import type { ServiceDefinition, ServicePayload } from "../service/definition.ts";
import { draftPayload } from "./agent.ts";
import { BASE_DOCKERFILE, BASE_FILES, BUILD_DIR, type ContextFile } from "./assets.ts";
import { type DeskTools, draftDesk } from "./desk.ts";
import { type CustomDockerfile, rewriteDockerfile } from "./dockerfile.ts";
import { acpDir, agentDir, cageCaEnv } from "./env.ts";
import { APT_MOUNTS, formatEnv, formatStep, NPM_MOUNTS, parseMirror, stepFiles } from "./steps.ts";
import { planToolchains } from "./toolchains.ts";
import { BASE_VERSIONS, MISE_PACKAGE, NODE_PACKAGE } from "./versions.ts";

/** The slice of the configuration that images are made from. */
export type ImageConfig = Pick<Config, "image" | "packages" | "toolchains">;

/** What was observed before planning; planning looks at nothing else. */
export type ImageFacts = {
  /** Architecture of the engine. */
  arch: string;
  /** Who the agent is inside: the top layer knows him by name and owns his home. */
  user: { uid: number; gid: number };
  /** Extra certificate authorities of the host, PEM, sorted. */
  ca: readonly string[];
  /** The user's own Dockerfile, when `image.dockerfile` names one. */
  dockerfile?: CustomDockerfile;
  /** Lines of the host's npm configuration for registry and login; a build secret, never hashed. */
  npmrc?: string;
  /** The host's pip configuration, for agents from a Python index; a build secret, never hashed. */
  pipConf?: string;
  /** Names of the host's proxy variables; the docker client passes their values on. */
  proxies: readonly string[];
};

/** One image to build, complete. */
export type ImageSpec = {
  /** Repository and tag; the tag is the first 12 hex digits of {@link recipe}. */
  ref: string;
  /** A second tag that follows the newest build, for `FROM sandcage/base`. */
  latest?: string;
  /** SHA-256 over everything that goes into the image, its parent included. */
  recipe: string;
  dockerfile: string;
  /** The build context, made in memory; absent when {@link contextDir} is given. */
  files: readonly ContextFile[];
  /** Host directory of the user's own Dockerfile. */
  contextDir?: string;
  /** The user's own Dockerfile on the host, for its `.dockerignore`. */
  dockerfilePath?: string;
  /** A file of the host that is in the context as `archive`, besides {@link files}. */
  archive?: string;
  /** Its build reaches no network: what it opens comes from strangers. */
  offline?: true;
  args: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** Why this image exists, for people: `packages jq, ripgrep`. */
  cause: string;
};

/** Images in the order they build; each stands on one before it. */
export type ImagePlan = {
  images: readonly ImageSpec[];
  /** What the service runs in. */
  final: ImageSpec;
  /** The image its agent is installed in, the same for every project; absent without an install. */
  agent?: ImageSpec;
  npmrc?: string;
  pipConf?: string;
  proxies: readonly string[];
};

/** An image before its hash is known. */
export type ImageDraft =
  & Omit<ImageSpec, "ref" | "recipe" | "labels" | "args" | "files" | "latest">
  & {
    repository: string;
    files?: readonly ContextFile[];
    args?: Readonly<Record<string, string>>;
    labels?: Readonly<Record<string, string>>;
    latest?: boolean;
    /** What else decides about the content: a context's fingerprint. */
    inputs?: string;
  };

/** Packages that toolchains built from source parts need, and that wheels and gems link against. */
const TOOLCHAIN_PACKAGES = ["build-essential", "libssl-dev", "pkg-config"];

/**
 * Plans the images of one service in one project: base, then the project's tools, then the agent,
 * for a session of ACP what speaks it in a layer on top. Agent and adapter are installed once for
 * each version, whatever projects there are, and copied from there.
 * Pure; a plan takes well under 10 ms.
 *
 * @param options.acp The session speaks ACP. Defaults to false.
 * @param options.desk What people attach to is in a layer on top; not together with `acp`.
 *
 * @throws {UserError} With code `config-invalid`, for toolchains or a Dockerfile that cannot work.
 */
export function planImages(
  options: {
    config: ImageConfig;
    service: ServiceDefinition;
    facts: ImageFacts;
    acp?: boolean;
    desk?: DeskTools;
  },
): ImagePlan {
  const { config, service, facts } = options;
  const base = planBase(config, facts);
  const tools = planTools(config, { base, facts });
  const images = [base, ...tools];
  const parent = images.at(-1)!;
  const { npm, acp } = service.install ?? {};
  const home = {
    service,
    repository: `${IMAGE.agentPrefix}${service.name}`,
    dir: agentDir(service.name),
    base,
  };
  const agent = service.payload !== undefined
    ? planPayload(service.payload, home)
    : npm === undefined
    ? undefined
    : planInstall(npm, home);
  if (agent !== undefined) images.push(agent);
  // Without tools of the project's own, the agent's image is the parent already: nothing to copy.
  const plain = planService(
    service,
    agent !== undefined && tools.length === 0
      ? { parent: agent, user: facts.user }
      : { parent, agent, user: facts.user },
  );
  images.push(plain);
  const final = options.acp === true && acp !== undefined
    ? planAcp(acp, { service, plain, base, images })
    : options.desk !== undefined
    ? planDesk(options.desk, { service, plain, images })
    : plain;
  return {
    images,
    final,
    ...(agent === undefined ? {} : { agent }),
    proxies: facts.proxies,
    ...(facts.npmrc === undefined ? {} : { npmrc: facts.npmrc }),
    ...(facts.pipConf === undefined ? {} : { pipConf: facts.pipConf }),
  };
}

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

function planTools(
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

function planPayload(
  payload: ServicePayload,
  options: { service: ServiceDefinition; repository: string; dir: string; base: ImageSpec },
): ImageSpec {
  const { service, repository, dir, base } = options;
  return nameImage({
    repository,
    ...draftPayload(payload, { dir, base: base.ref }),
    labels: { [LABEL.service]: service.name },
  });
}

function planInstall(
  npm: string,
  options: { service: ServiceDefinition; repository: string; dir: string; base: ImageSpec },
): ImageSpec {
  const { service, repository, dir, base } = options;
  return nameImage({
    repository,
    dockerfile: `FROM ${base.ref}\n` +
      `${formatStep("agent-install", { mounts: NPM_MOUNTS, args: [dir, npm] })}\n`,
    files: stepFiles("agent-install"),
    labels: { [LABEL.service]: service.name },
    cause: npm,
  });
}

/** On top of the image every other session uses: they share all but this. */
function planAcp(
  npm: string,
  options: { service: ServiceDefinition; plain: ImageSpec; base: ImageSpec; images: ImageSpec[] },
): ImageSpec {
  const { service, plain, base, images } = options;
  const adapter = planInstall(npm, {
    service,
    repository: `${IMAGE.agentPrefix}${service.name}${IMAGE.acpSuffix}`,
    dir: acpDir(service.name),
    base,
  });
  const final = nameImage({
    repository: `${IMAGE.servicePrefix}${service.name}${IMAGE.acpSuffix}`,
    dockerfile: `FROM ${plain.ref}\n` +
      `COPY --from=${adapter.ref} ${INSIDE.agents} ${INSIDE.agents}\n`,
    labels: { [LABEL.service]: service.name },
    cause: `${service.title} with ${npm}`,
  });
  images.push(adapter, final);
  return final;
}

function planDesk(
  desk: DeskTools,
  options: { service: ServiceDefinition; plain: ImageSpec; images: ImageSpec[] },
): ImageSpec {
  const { service, plain, images } = options;
  const final = nameImage({
    repository: `${IMAGE.servicePrefix}${service.name}${IMAGE.deskSuffix}`,
    ...draftDesk(desk, { parent: plain.ref }),
    labels: { [LABEL.service]: service.name },
  });
  images.push(final);
  return final;
}

/** The top layer: the agent's files beside the project's tools, and the user who runs them. */
function planService(
  service: ServiceDefinition,
  options: { parent: ImageSpec; agent?: ImageSpec; user: ImageFacts["user"] },
): ImageSpec {
  const { parent, agent, user } = options;
  return nameImage({
    repository: `${IMAGE.servicePrefix}${service.name}`,
    // USER 0: the user's own Dockerfile may have ended as somebody else.
    dockerfile: `FROM ${parent.ref}\nUSER 0\n` +
      (agent === undefined ? "" : `COPY --from=${agent.ref} ${INSIDE.agents} ${INSIDE.agents}\n`) +
      `${formatStep("agent-user", { args: [`${user.uid}`, `${user.gid}`] })}\n`,
    files: stepFiles("agent-user"),
    labels: { [LABEL.service]: service.name },
    cause: `${service.title} for user ${user.uid}:${user.gid}`,
  });
}

/** Gives an image the tag and the labels that follow from everything it is made of. Pure. */
export function nameImage(draft: ImageDraft): ImageSpec {
  const { repository, latest, inputs, ...rest } = draft;
  const { dockerfile, files = [], args = {}, labels = {} } = rest;
  const recipe = sha256Hex(
    JSON.stringify([repository, dockerfile, files, Object.entries(args).toSorted(), inputs]),
  );
  return {
    ...rest,
    ref: `${repository}:${recipe.slice(0, 12)}`,
    ...(latest === true ? { latest: `${repository}:latest` } : {}),
    recipe,
    files,
    args,
    labels: { [LABEL.managed]: "true", [LABEL.recipe]: recipe, ...labels },
  };
}

function findNodePackage(arch: string): string {
  if (arch === "x86_64" || arch === "aarch64") return NODE_PACKAGE[arch];
  throw new UserError(`Cannot build images for the architecture ${arch} of this engine`, {
    hint: "Use an engine on x86_64 or aarch64",
    exit: EXIT.engine,
    code: "engine-failed",
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
