import assert from "node:assert/strict";
import type { Engine } from "../../../../src/engine/engine.ts";
import type { GuardedCage } from "../../../../src/verify/internet/guarded.ts";
import { findAddresses, findSides } from "../../../../src/verify/network/container_addresses.ts";

/** An engine that answers everything with one text. */
function makeEngine(stdout: string, code = 0): Pick<Engine, "docker"> {
  const result = { code, stdout, stderr: "no such object", timedOut: false };
  return { docker: () => Promise.resolve(result) };
}

/** What sides are told by, on an engine that says this. */
function makeGuarded(stdout: string) {
  return {
    cage: { engine: makeEngine(stdout) },
    internet: { network: "outside" },
  } as unknown as Pick<GuardedCage, "cage" | "internet">;
}

Deno.test("each network of a container has an address", async () => {
  assert.deepEqual(await findAddresses("one", makeEngine("a=10.0.0.2 b=10.0.1.2 \n")), [
    { network: "a", address: "10.0.0.2" },
    { network: "b", address: "10.0.1.2" },
  ]);
});

for (
  const [name, engine] of [
    ["a container that is not there", makeEngine("", 1)],
    ["a container on no network", makeEngine("\n")],
  ] as const
) {
  Deno.test(`${name} has no address`, async () => {
    await assert.rejects(findAddresses("one", engine), /Where one is cannot be told/);
  });
}

Deno.test("a gateway has an inner side and outer ones, in whatever order they are told", async () => {
  const sides = { inner: "10.231.0.2", outer: ["198.51.100.17"] };
  const [inner, outer] = ["session=10.231.0.2", "outside=198.51.100.17"];
  assert.deepEqual(await findSides("gateway", makeGuarded(`${inner} ${outer} `)), sides);
  assert.deepEqual(await findSides("gateway", makeGuarded(`${outer} ${inner} `)), sides);
});

Deno.test("a gateway on no network of its agent's is none", async () => {
  await assert.rejects(findSides("gateway", makeGuarded("outside=198.51.100.17 ")), /its agent's/);
});
