/** The registry npm itself uses is not named: what the user did not change needs no telling. */
const SETTING = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/;

/** Login settings of a registry, `//host/path/:_authToken`. */
const LOGIN = /^(\/\/.+?)\/?:(_authToken|_auth|username|_password|always-auth)$/;

/**
 * The lines of the host's npm configuration that a build needs to reach the same registries: the
 * registry, scoped ones, and the logins of exactly those. Nothing when no registry was configured: a
 * token of the public one has no business in a build. Pure.
 *
 * @param text Content of `~/.npmrc`.
 * @param env Environment of the host: `npm_config_registry`, and what `${NAME}` in the file means.
 */
export function planNpmrc(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const settings = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = SETTING.exec(line);
    if (match !== null) settings.set(match[1]!, expand(match[2]!, env));
  }
  const named = env.npm_config_registry ?? env.NPM_CONFIG_REGISTRY;
  if (named !== undefined && named !== "") settings.set("registry", named);
  const registries = [...settings].filter(([key]) =>
    key === "registry" || /^@.+:registry$/.test(key)
  );
  if (registries.length === 0) return undefined;
  const places = registries.map(([, url]) => url.replace(/^https?:/, "").replace(/\/$/, ""));
  const logins = [...settings].filter(([key]) => {
    const place = LOGIN.exec(key)?.[1];
    return place !== undefined &&
      places.some((url) => url === place || url.startsWith(`${place}/`));
  });
  return [...registries, ...logins].map(([key, value]) => `${key}=${value}\n`).join("");
}

// npm leaves a reference to an absent variable as it stands; so do we.
function expand(value: string, env: Readonly<Record<string, string | undefined>>): string {
  const bare = value.replace(/^(["'])(.*)\1$/, "$2");
  return bare.replace(/\$\{([^}]+)\}/g, (whole, name: string) => env[name] ?? whole);
}
