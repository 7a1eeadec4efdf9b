/**
 * Names of the sets of hosts a config can allow with one word. The hosts of a package manager are
 * those its own client is configured for in the image, so that a mirror works.
 */
export const PRESETS = [
  "npm",
  "pypi",
  "crates",
  "go",
  "debian",
  "github",
  "gitlab",
  "docker",
  "rubygems",
  "maven",
  "nuget",
] as const;

/** One of {@link PRESETS}. */
export type Preset = typeof PRESETS[number];
