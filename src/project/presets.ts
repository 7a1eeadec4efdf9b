import { join } from "node:path";
import { findText } from "../files.ts";
import type { Preset } from "../config/presets.ts";
import type { Suggested, Suggestion } from "./ecosystem.ts";
import { parseGitConfig } from "./git_config.ts";

/** The package managers of each toolchain that needs one. */
const MANAGERS: Readonly<Record<string, readonly Preset[]>> = {
  node: ["npm"],
  bun: ["npm"],
  deno: ["npm"],
  python: ["pypi"],
  uv: ["pypi"],
  rust: ["crates"],
  go: ["go"],
  java: ["maven"],
  maven: ["maven"],
  gradle: ["maven"],
  ruby: ["rubygems"],
  dotnet: ["nuget"],
};

/** Forges by the host of a git remote. */
const FORGE: Readonly<Record<string, Preset>> = {
  "github.com": "github",
  "ssh.github.com": "github",
  "gitlab.com": "gitlab",
};

/** Suggests presets for what a project is built with and where it is pushed. Pure. */
export function suggestPresets(
  { toolchains }: Pick<Suggestion, "toolchains">,
  remotes: readonly string[],
): Suggested[] {
  const found = new Map<string, string>();
  for (const { name, cause } of toolchains) {
    for (const preset of MANAGERS[name] ?? []) if (!found.has(preset)) found.set(preset, cause);
  }
  for (const remote of remotes) {
    const preset = FORGE[hostOf(remote)];
    if (preset !== undefined && !found.has(preset)) found.set(preset, "git remote");
  }
  return [...found].map(([name, cause]) => ({ name, cause }));
}

/** Reads the addresses of a repository's remotes; none where there is no repository. */
export async function observeRemotes(project: { commonDir?: string }): Promise<string[]> {
  if (project.commonDir === undefined) return [];
  const text = await findText(join(project.commonDir, "config"));
  if (text === undefined) return [];
  try {
    return parseGitConfig(text).filter(({ key }) => /^remote\..*\.url$/.test(key))
      .map(({ value }) => value);
  } catch (error) {
    // git would refuse the file; for a suggestion it is as good as none.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** The host of `https://host/…`, `ssh://user@host/…` or `user@host:path`, in lower case. */
function hostOf(remote: string): string {
  const match = /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?([^/:]+)[:/]/i.exec(remote);
  return match?.[1]?.toLowerCase() ?? "";
}
