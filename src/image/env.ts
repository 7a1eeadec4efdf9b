import { INSIDE, INSIDE_ENV } from "../names.ts";
import { GATEWAY_PORT } from "../policy/protocol.ts";

/** Where Debian's ca-certificates keeps the bundle, host CAs included. */
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Folder of one installed agent inside the cage. */
export function agentDir(service: string): string {
  return `${INSIDE.agents}/${service}`;
}

/** Folder of what speaks ACP for an agent. */
export function acpDir(service: string): string {
  return `${agentDir(service)}.acp`;
}

/**
 * Variables that make every common TLS client read the system's certificate bundle: without them
 * Node, Python and friends bring their own and refuse a company's CA.
 */
export function cageCaEnv(): Record<string, string> {
  return formatCaEnv(CA_BUNDLE);
}

/**
 * What an agent behind a gateway has to know: the proxy for clients that ask for one, the cage's own
 * authority, and whom to wait for. What knows neither is led to the gateway by DNS.
 *
 * Absent on purpose: ALL_PROXY, which some clients take for a SOCKS proxy; NODE_USE_ENV_PROXY, which
 * costs every start of Node 25 ms (measured) for what DNS does as well; npm's `cafile`, which makes
 * Node parse 150 certificates for each connection where NODE_EXTRA_CA_CERTS is read once.
 *
 * @param gateway Its address, and the cage's authority as PEM.
 */
export function gatewayEnv(gateway: { address: string; ca: string }): Record<string, string> {
  const proxy = `http://${gateway.address}:${GATEWAY_PORT.proxy}`;
  const pairs = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: "localhost,127.0.0.1,::1" };
  return {
    ...pairs,
    // Both spellings are in use; curl reads http_proxy in small letters only.
    ...Object.fromEntries(
      Object.entries(pairs).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    ...formatCaEnv(INSIDE.sessionCa),
    [INSIDE_ENV.gateway]: gateway.address,
    [INSIDE_ENV.ca]: gateway.ca.trimEnd(),
  };
}

function formatCaEnv(bundle: string): Record<string, string> {
  return {
    SSL_CERT_FILE: bundle,
    NODE_EXTRA_CA_CERTS: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    CURL_CA_BUNDLE: bundle,
    GIT_SSL_CAINFO: bundle,
    PIP_CERT: bundle,
    CARGO_HTTP_CAINFO: bundle,
    AWS_CA_BUNDLE: bundle,
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: bundle,
    HTTPLIB2_CA_CERTS: bundle,
    NIX_SSL_CERT_FILE: bundle,
    DENO_TLS_CA_STORE: "system",
    UV_NATIVE_TLS: "1",
    UV_SYSTEM_CERTS: "1",
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
    // Read by /etc/profile.d/cage.sh: a login shell, as codex uses, starts PATH over.
    CAGE_PATH: path,
    LANG: "C.UTF-8",
    NPM_CONFIG_PREFIX: `${home}/.local`,
    // Beside the prefix by default: what a Dockerfile configured for everybody would be lost.
    NPM_CONFIG_GLOBALCONFIG: "/usr/local/etc/npmrc",
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
