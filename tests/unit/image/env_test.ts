import assert from "node:assert/strict";
import { cageCaEnv, cageEnv } from "../../../src/image/env.ts";

Deno.test("the session's PATH: pinned agent, home, shims, system", () => {
  const dirs = cageEnv().PATH!.split(":");
  const order = [
    "/opt/sandcage/agents/bin",
    "/home/agent/.local/bin",
    "/opt/sandcage/bin",
    "/usr/bin",
  ];
  assert.deepEqual(dirs.filter((dir) => order.includes(dir)), order);
  assert.equal(cageEnv().SANDCAGE_PATH, cageEnv().PATH);
});

Deno.test("what users install without root goes into the persistent home", () => {
  const env = cageEnv();
  for (const name of ["HOME", "NPM_CONFIG_PREFIX", "CARGO_HOME", "MISE_DATA_DIR"]) {
    assert.match(env[name]!, /^\/home\/agent/, name);
  }
});

Deno.test("every certificate variable points at the bundle with the host's authorities", () => {
  const { DENO_TLS_CA_STORE, ...paths } = cageCaEnv();
  assert.equal(DENO_TLS_CA_STORE, "system");
  assert.deepEqual(new Set(Object.values(paths)), new Set(["/etc/ssl/certs/ca-certificates.crt"]));
});
