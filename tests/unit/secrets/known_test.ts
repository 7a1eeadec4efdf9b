import assert from "node:assert/strict";
import { findKnownHosts, isSigningKey } from "../../../src/secrets/known.ts";
import { SERVICE_KEYS } from "../../../src/secrets/service_keys.ts";
import { builtInServices } from "../../../src/service/registry.ts";

Deno.test("every key of a built-in service is known, and only goes where the service may", () => {
  for (const { auth, domains } of builtInServices()) {
    for (const [name, hosts] of Object.entries(auth.keys)) {
      assert.deepEqual(findKnownHosts(name), hosts);
      assert.ok(hosts.length > 0, name);
      for (const host of hosts) assert.ok(domains.includes(host), host);
    }
  }
  const all = builtInServices().flatMap(({ auth }) => Object.keys(auth.keys));
  assert.deepEqual(Object.keys(SERVICE_KEYS).sort(), all.sort());
});

Deno.test("names that belong to nobody are not known, whatever objects inherit", () => {
  for (const name of ["MY_KEY", "constructor", "__proto__", "toString"]) {
    assert.equal(findKnownHosts(name), undefined);
  }
  assert.deepEqual(findKnownHosts("GITLAB_TOKEN"), ["gitlab.com"]);
});

for (
  const [name, want] of [
    ["AWS_SECRET_ACCESS_KEY", true],
    ["MY_AWS_SESSION_TOKEN", true],
    ["aws_access_key_id", true],
    ["R2_SECRET_ACCESS_KEY", true],
    ["AWS_REGION", false],
    ["SECRET_KEY", false],
  ] as const
) {
  Deno.test(`isSigningKey() of ${name} is ${want}`, () => assert.equal(isSigningKey(name), want));
}
