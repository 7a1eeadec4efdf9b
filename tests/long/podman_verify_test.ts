/** Every case of verify on Podman, with the profile of docs/engine.md. */
import assert from "node:assert/strict";
import { startNestedEngine } from "../e2e/support/nested_engine.ts";
import { readProfileCommand } from "../e2e/support/podman_profile.ts";
import { assertAllHeld, makeVerifyImages, verifyOn } from "../e2e/support/verified.ts";
import { makeWorld } from "../e2e/support/world.ts";

Deno.test("Podman holds every wall", async () => {
  await using engine = await startNestedEngine("podman");
  await using world = await makeWorld("podmanall", { network: 'mode = "allowlist"' });
  await engine.take(await makeVerifyImages(world));
  await engine.shell(await readProfileCommand());
  const report = await verifyOn(world, { env: { DOCKER_HOST: engine.host } });
  assert.deepEqual([report.engine.flavor, report.engine.version], ["podman", engine.version]);
  assertAllHeld(report);
});
