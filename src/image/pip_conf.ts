/** The variables by which pip and uv are told of another index, and pip's name for each. */
const SETTINGS = [
  ["index-url", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"]],
  ["extra-index-url", ["PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL"]],
  ["trusted-host", ["PIP_TRUSTED_HOST", "UV_INSECURE_HOST"]],
] as const;

/**
 * The pip configuration a build needs to reach the same Python index as the host; nothing when none
 * was configured. It may hold a login. Pure.
 *
 * @param env Environment of the host.
 */
export function planPipConf(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const lines = SETTINGS.flatMap(([key, names]) => {
    const name = names.find((name) => (env[name] ?? "") !== "");
    // One line each: a line feed would begin a setting of its own.
    return name === undefined ? [] : [`${key} = ${env[name]!.replace(/\s+/g, " ").trim()}\n`];
  });
  return lines.length === 0 ? undefined : `[global]\n${lines.join("")}`;
}
