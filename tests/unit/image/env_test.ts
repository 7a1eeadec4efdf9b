import assert from "node:assert/strict";
import { cageCaEnv, cageEnv, gatewayEnv } from "../../../src/image/env.ts";

Deno.test("the session's PATH: pinned agent, home, shims, system", () => {
  const dirs = cageEnv().PATH!.split(":");
  const order = [
    "/opt/cage/agents/bin",
    "/home/agent/.local/bin",
    "/opt/cage/bin",
    "/usr/bin",
  ];
  assert.deepEqual(dirs.filter((dir) => order.includes(dir)), order);
  assert.equal(cageEnv().CAGE_PATH, cageEnv().PATH);
});

Deno.test("what users install without root goes into the persistent home", () => {
  const env = cageEnv();
  for (const name of ["HOME", "NPM_CONFIG_PREFIX", "CARGO_HOME", "MISE_DATA_DIR"]) {
    assert.match(env[name]!, /^\/home\/agent/, name);
  }
});

Deno.test("npm's configuration for everybody is the image's, whatever the prefix", () => {
  assert.equal(cageEnv().NPM_CONFIG_GLOBALCONFIG, "/usr/local/etc/npmrc");
});

/** Where certificate variables point to; what is no path says "use the system's". */
function findBundles(env: Record<string, string>): Set<string> {
  const names = /(_CA_|CERT_FILE|_CAINFO|CA_BUNDLE|PIP_CERT|_ROOTS_)/;
  return new Set(Object.keys(env).filter((name) => names.test(name)).map((name) => env[name]!));
}

Deno.test("every certificate variable points at the bundle with the host's authorities", () => {
  const bundles = findBundles(cageCaEnv());
  bundles.delete("system");
  assert.deepEqual(bundles, new Set(["/etc/ssl/certs/ca-certificates.crt"]));
});

Deno.test("behind a gateway every one of them points at the bundle with the cage's", () => {
  const env = gatewayEnv({ address: "10.1.2.3", ca: "PEM\n" });
  for (const name of Object.keys(cageCaEnv())) assert.ok(name in env, name);
  const bundles = findBundles(env);
  bundles.delete("system");
  assert.deepEqual(bundles, new Set(["/run/cage/ca-bundle.pem"]));
  assert.equal(env.CAGE_CA, "PEM");
  assert.equal(env.CAGE_GATEWAY, "10.1.2.3");
});

Deno.test("the proxy is told in both spellings, and never for the cage itself", () => {
  const env = gatewayEnv({ address: "10.1.2.3", ca: "PEM" });
  for (const name of ["HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "http_proxy"]) {
    assert.equal(env[name], "http://10.1.2.3:3128", name);
  }
  for (const name of ["NO_PROXY", "no_proxy"]) {
    assert.equal(env[name], "localhost,127.0.0.1,::1", name);
  }
  assert.ok(!Object.keys(env).some((name) => name.toUpperCase() === "ALL_PROXY"));
});
