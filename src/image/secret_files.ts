import type { ImageSpec } from "./spec.ts";

/** Login files that a build may read, by the name it knows them by. */
export type BuildSecrets = Readonly<Partial<Record<"npmrc" | "pipconf", string>>>;

/**
 * The same build for an engine whose API takes no build secrets: each is a file of the context that
 * only its own step sees, and no layer keeps. Steps of a secret that nobody has stay as they are: none
 * of ours needs one. Pure.
 */
export function planSecretFiles(
  image: Pick<ImageSpec, "dockerfile" | "files">,
  secrets: BuildSecrets,
): Pick<ImageSpec, "dockerfile" | "files"> {
  const present = Object.entries(secrets).map(([id, text]) => ({
    id,
    text,
    path: `.secret-${id}`,
  }));
  const dockerfile = present.reduce(
    (text, { id, path }) =>
      text.replaceAll(`--mount=type=secret,id=${id},`, `--mount=type=bind,source=${path},`),
    image.dockerfile,
  );
  const files = present.map(({ path, text }) => ({ path, text, mode: 0o600 }));
  return { dockerfile, files: [...image.files, ...files] };
}
