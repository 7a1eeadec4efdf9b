import type { Config } from "../config/schema.ts";
import { sha256Hex } from "../hash.ts";
import { LABEL } from "../names.ts";
import type { ContextFile } from "./assets.ts";
import type { CustomDockerfile } from "./dockerfile.ts";

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
