import { CONFIG_FILE, SCHEMA } from "../names.ts";
import type { Suggested, Suggestion } from "./ecosystem.ts";

/** All that was detected: what the project is built with, and what it needs from the network. */
export type Starter = Suggestion & {
  presets: readonly Suggested[];
  /** Shell lines that run inside at session start. */
  setup?: readonly string[];
  /** How the project's files reach the cage, where that was asked for. */
  mode?: "promote";
};

/**
 * Formats a commented project file from what was detected: what is suggested is set, what else one
 * may want stands there as a comment. Pure.
 */
export function formatStarter(suggestion: Starter): string {
  const toolchains = suggestion.toolchains.map(({ name, version, cause }) =>
    `  ${name}: ${JSON.stringify(version)} # ${comment(cause)}`
  );
  const packages = suggestion.packages.map(({ name, cause }) => `  - ${name} # ${comment(cause)}`);
  const presets = suggestion.presets.map(({ name, cause }) => `    - ${name} # ${comment(cause)}`);
  return [
    `# yaml-language-server: $schema=${SCHEMA.url}`,
    "# What agents find in the cage of this project. All keys: sandcage config schema",
    `# Settings of your own, not for the repository, go to ${CONFIG_FILE.local}`,
    "version: 1",
    "",
    "# Language toolchains by name and version, or `system` for Debian's package.",
    ...section("toolchains", toolchains, '  node: "22"'),
    "",
    "# Debian packages. `sandcage package add NAME` adds one and rebuilds.",
    ...section("packages", packages, "  - ripgrep"),
    "",
    "# Shell lines run inside at session start, when they changed.",
    ...section(
      "setup",
      (suggestion.setup ?? []).map((line) => `  - ${JSON.stringify(line)}`),
      "  - npm ci",
    ),
    "",
    "# The agent reaches its own API and what stands here; everything else is blocked.",
    "# What it asked for: sandcage audit. Allow a host: sandcage domain add HOST",
    ...networkSection(presets),
    "",
    "# API keys. The agent sees a placeholder; the value goes to the key's own hosts only.",
    "# secrets:",
    "#   ANTHROPIC_API_KEY: {} # from your environment, or: sandcage secret set NAME",
    "#   MY_KEY: { from: store, to: [api.example.com] }",
    "",
    ...workspaceSection(suggestion),
    "",
    "# Resources of one session.",
    "# limits: { memory: 8g, cpus: 4, pids: 2048 }",
    "",
    "# An agent of your own: sandcage run myagent",
    "# services:",
    "#   myagent:",
    '#     install: { npm: "my-agent@1.2.3" }',
    "#     command: [my-agent]",
    "",
  ].join("\n");
}

/** Formats what was detected for people, one line each. Pure. */
export function formatSuggestion(suggestion: Starter): string {
  const lines = [
    ...suggestion.toolchains.map(({ name, version, cause }) =>
      `  ${`${name} ${version}`.padEnd(24)}  ${comment(cause)}`
    ),
    ...suggestion.packages.map(({ name, cause }) => `  ${name.padEnd(24)}  ${comment(cause)}`),
    ...suggestion.presets.map(({ name, cause }) =>
      `  ${`network: ${name}`.padEnd(24)}  ${comment(cause)}`
    ),
  ];
  return lines.length === 0 ? "  nothing in particular" : lines.join("\n");
}

/** Tells whether a .gitignore already ignores the local file. Pure. */
export function isLocalIgnored(gitignore: string): boolean {
  return gitignore.split(/\r?\n/).some((line) =>
    [CONFIG_FILE.local, `/${CONFIG_FILE.local}`, "*.local.yml", ".sandcage.*"].includes(line.trim())
  );
}

function workspaceSection({ mode }: Starter): string[] {
  if (mode === "promote") {
    return [
      "# The agent has a repository of its own; what it commits lands on your branch. Whose name is on",
      `# it is said in ${CONFIG_FILE.local}, or as your git knows you.`,
      "workspace: { mode: promote }",
    ];
  }
  return [
    "# What the agent must not read or not write, as in .gitignore.",
    "# workspace:",
    '#   hide: [secrets/, "*.pem"]',
    "#   readonly: [config/]",
  ];
}

function networkSection(presets: readonly string[]): string[] {
  if (presets.length === 0) {
    return ["# network:", "#   presets: [npm, github]", "#   allow: [api.example.com]"];
  }
  return ["network:", "  presets:", ...presets, "  # allow:", "  #   - api.example.com"];
}

function section(key: string, lines: readonly string[], example: string): string[] {
  return lines.length > 0 ? [`${key}:`, ...lines] : [`# ${key}:`, `# ${example}`];
}

// A file name may hold anything; on one line it cannot end the comment.
function comment(cause: string): string {
  // deno-lint-ignore no-control-regex
  return cause.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, "?");
}
