import assert from "node:assert/strict";
import { checkMerged } from "../../../src/config/check.ts";
import { defaultConfig } from "../../../src/config/defaults.ts";
import type { Config } from "../../../src/config/schema.ts";

function isAccepted(change: (config: Config) => void): boolean {
  const config = defaultConfig();
  change(config);
  try {
    checkMerged({ config, origins: new Map() });
    return true;
  } catch {
    return false;
  }
}

for (
  const [pool, want] of [
    ["10.231.0.0/16", true],
    ["10.0.0.0/8", true],
    ["172.31.255.0/28", true],
    ["172.32.0.0/16", false],
    ["192.168.0.0/16", true],
    ["192.168.0.0/15", false],
    ["100.64.0.0/10", true],
    ["100.128.0.0/16", false],
    ["10.0.0.0/29", false],
    ["0.0.0.0/0", false],
    ["10.0.0.300/16", false],
    ["8.8.0.0/16", false],
  ] as const
) {
  Deno.test(`a pool of ${pool} is ${want ? "accepted" : "refused"}`, () => {
    assert.equal(isAccepted(({ network }) => (network.pool = pool)), want);
  });
}

for (
  const [address, want] of [
    ["1.1.1.1", true],
    ["::1", true],
    ["10.0.0.2:5353", true],
    ["[2001:db8::1]:53", true],
    ["[2001:db8::1]", false],
    ["1.1.1.1:0", false],
    ["1.1.1.1:65536", false],
    ["[1.1.1.1]:53", false],
    ["1.1.1", false],
  ] as const
) {
  Deno.test(`a resolver ${address} is ${want ? "accepted" : "refused"}`, () => {
    assert.equal(isAccepted(({ network }) => network.dns.push(address)), want);
  });
}

const key = (to: string[]) => ({ from: "env", to, body: false });

Deno.test("a key that signs is refused behind a gateway, and handed over where there is none", () => {
  const sign = (mode: Config["network"]["mode"]) => (config: Config) => {
    config.network.mode = mode;
    config.secrets = { AWS_SECRET_ACCESS_KEY: key(["s3.amazonaws.com"]) };
  };
  assert.deepEqual(
    [isAccepted(sign("allowlist")), isAccepted(sign("none")), isAccepted(sign("open"))],
    [false, false, true],
  );
});

for (
  const [to, passthrough, want] of [
    ["a.dev", "b.dev", true],
    ["a.dev", "a.dev", false],
    ["A.dev.", "a.DEV", false],
    ["x.a.dev", "*.a.dev", false],
    ["a.dev", "*.a.dev", true],
    ["*.a.dev", "x.a.dev", false],
    ["*.a.dev", "*.x.a.dev", false],
    ["*.a.dev", "*.b.dev", true],
  ] as const
) {
  Deno.test(`a secret to ${to} with passthrough ${passthrough} is ${want ? "" : "not "}possible`, () => {
    const accepted = isAccepted((config) => {
      config.network.passthrough = [passthrough];
      config.secrets = { KEY: key([to]) };
    });
    assert.equal(accepted, want);
  });
}
