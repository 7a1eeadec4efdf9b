import { INSIDE } from "../names.ts";

/** Where Debian's ca-certificates keeps the bundle, host CAs included. */
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Folder of one installed agent inside the cage. */
export function agentDir(service: string): string {
  return `${INSIDE.agents}/${service}`;
}

/**
 * Variables that make every common TLS client read the system's certificate bundle: without them
 * Node, Python and friends bring their own and refuse a company's CA.
 */
export function cageCaEnv(): Record<string, string> {
  return {
    SSL_CERT_FILE: CA_BUNDLE,
    NODE_EXTRA_CA_CERTS: CA_BUNDLE,
    REQUESTS_CA_BUNDLE: CA_BUNDLE,
    CURL_CA_BUNDLE: CA_BUNDLE,
    GIT_SSL_CAINFO: CA_BUNDLE,
    PIP_CERT: CA_BUNDLE,
    CARGO_HTTP_CAINFO: CA_BUNDLE,
    AWS_CA_BUNDLE: CA_BUNDLE,
    DENO_TLS_CA_STORE: "system",
  };
}

/**
 * The environment of every session, the one home of it. It is set when a container starts and not
 * in the image: a user's Dockerfile must install into the system, a session into its home.
 *
 * PIP_USER is absent on purpose: it breaks pip inside a virtual environment, and pip turns to the
 * home by itself where the system is read-only.
 */
export function cageEnv(): Record<string, string> {
  const home = INSIDE.home;
  const path = [
    // The pinned agent first: a copy that updated itself into the home must not shadow it.
    `${INSIDE.agents}/bin`,
    `${home}/.local/bin`,
    `${home}/.cargo/bin`,
    `${home}/go/bin`,
    `${home}/.local/share/mise/shims`,
    INSIDE.bin,
    SYSTEM_PATH,
  ].join(":");
  return {
    HOME: home,
    PATH: path,
    // Read by /etc/profile.d/sandcage.sh: a login shell, as codex uses, starts PATH over.
    SANDCAGE_PATH: path,
    LANG: "C.UTF-8",
    NPM_CONFIG_PREFIX: `${home}/.local`,
    NPM_CONFIG_UPDATE_NOTIFIER: "false",
    // Compiled JavaScript outlives the session: gemini starts in 1.4 s instead of 2.2 s (measured).
    NODE_COMPILE_CACHE: `${home}/.cache/node-compile`,
    COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
    PIP_BREAK_SYSTEM_PACKAGES: "1",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    CARGO_HOME: `${home}/.cargo`,
    MISE_DATA_DIR: `${home}/.local/share/mise`,
    ...cageCaEnv(),
  };
}

/** Where the entry program puts the image's certificates together with the cage's own authority. */
const SESSION_BUNDLE = "/run/sandcage/ca-bundle.pem";

/**
 * What points the clients inside at the session's gateway: proxies for those that ask for one, and a
 * bundle that holds the authority of the cage. The others reach it by its DNS answers.
 *
 * @param gateway Its address, and the certificate of the cage's authority as PEM.
 */
export function gatewayEnv(gateway: { address: string; ca: string }): Record<string, string> {
  const proxy = `http://${gateway.address}:3128`;
  const exceptions = "localhost,127.0.0.1,::1";
  return {
    SANDCAGE_GATEWAY: gateway.address,
    SANDCAGE_CA: gateway.ca,
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: exceptions,
    http_proxy: proxy,
    https_proxy: proxy,
    no_proxy: exceptions,
    ...Object.fromEntries(
      Object.entries(cageCaEnv()).map(([name, value]) => [
        name,
        value === CA_BUNDLE ? SESSION_BUNDLE : value,
      ]),
    ),
  };
}
