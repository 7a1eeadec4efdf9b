import assert from "node:assert/strict";
import { isBearer, tellStray } from "../../../../src/verify/secrets/asking.ts";
import { SITE, type TriedSecrets } from "../../../../src/verify/secrets/given.ts";
import type { Arrival } from "../../../../src/verify/secrets/seen.ts";

const make = (use: string) => ({
  name: use.toUpperCase(),
  value: `the-value-of-${use}`,
  placeholder: `ph_${use}`,
});

const SECRETS: TriedSecrets = { key: make("key"), body: make("body"), other: make("other") };

function arrive(change: Partial<Arrival>): Arrival {
  return {
    request: 1,
    connection: 1,
    scheme: "https",
    version: "1.1",
    sni: SITE.own,
    role: "echo",
    method: "GET",
    target: "/",
    path: "/",
    host: SITE.own,
    headers: [["Authorization", `Bearer ${SECRETS.key.value}`]],
    body: "",
    ...change,
  };
}

Deno.test("a value at its own host is where it belongs", () => {
  assert.deepEqual(tellStray([arrive({})], SECRETS), []);
  const other = arrive({ sni: SITE.other, headers: [], body: SECRETS.other.value });
  assert.deepEqual(tellStray([other], SECRETS), []);
});

for (
  const [what, change, told] of [
    ["at another host", { sni: SITE.opened, host: SITE.opened }, `arrived at ${SITE.opened}`],
    ["at an attacker who takes its name", { role: "decoy" }, `arrived at ${SITE.own}`],
    ["without TLS", { sni: null, scheme: "http" }, `arrived at ${SITE.own}`],
    ["at the host of another secret", { sni: SITE.other }, `arrived at ${SITE.own}`],
    ["below another name in TLS", { sni: SITE.evil }, `arrived at ${SITE.own}`],
  ] as const
) {
  Deno.test(`a value ${what} is told of, without saying it`, () => {
    const lines = tellStray([arrive(change)], SECRETS);
    assert.deepEqual(lines, [`the value of KEY, as it is ${told}`]);
  });
}

Deno.test("another secret's value in an address is told of, however it is spelled", () => {
  const hex = [...SECRETS.other.value].map((char) => char.charCodeAt(0).toString(16)).join("");
  const lines = tellStray([arrive({ target: `/?x=${hex}` })], SECRETS);
  assert.deepEqual(lines, [`the value of OTHER, hexadecimal arrived at ${SITE.own}`]);
});

Deno.test("a bearer token is the value, whole and alone", () => {
  assert.ok(isBearer(arrive({}), SECRETS));
  const value = `Bearer ${SECRETS.key.value}`;
  for (
    const headers of [
      [],
      [["authorization", SECRETS.key.placeholder]],
      [["authorization", `${value}x`]],
      [["authorization", value], ["Authorization", "Bearer agents-own"]],
    ] as [string, string][][]
  ) assert.ok(!isBearer({ headers }, SECRETS));
});
