import type { Host } from "../host.ts";
import type { GatewaySettings } from "../policy/protocol.ts";

/** The proxy this machine goes out through, for the gateway; or why the gateway cannot use it. */
export type UpstreamProxy = {
  settings: GatewaySettings["upstreamProxy"];
  /** For the person. */
  problem?: string;
};

/**
 * Reads the host's proxy variables the way curl does: lower case first, HTTPS before HTTP, since
 * nearly everything is TLS. Pure.
 *
 * @returns `undefined` when this machine has no proxy.
 */
export function planUpstreamProxy(env: Host["env"]): UpstreamProxy | undefined {
  const url = first(env, ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]);
  if (url === undefined) return undefined;
  const parsed = parseUrl(url);
  if (parsed === undefined || parsed.protocol !== "http:") {
    return {
      settings: null,
      problem: "The proxy of this machine is not an http:// address: the gateway does not use it",
    };
  }
  if (/^(localhost|127\.|\[::1\])/.test(parsed.hostname)) {
    return {
      settings: null,
      problem: "The proxy of this machine listens on loopback, where no container reaches it: " +
        "the gateway goes out without it",
    };
  }
  const noProxy = first(env, ["no_proxy", "NO_PROXY"]) ?? "";
  return {
    settings: {
      url: parsed.href,
      noProxy: noProxy.split(",").map((item) => item.trim()).filter((item) => item !== ""),
    },
  };
}

function first(env: Host["env"], names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
}

function parseUrl(text: string): URL | undefined {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}
