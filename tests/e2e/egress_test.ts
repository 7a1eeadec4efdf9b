/** Several first sessions in the same moment on a fresh engine. */
import assert from "node:assert/strict";
import { applyResources } from "../../src/cage/resources.ts";
import { connectEngine } from "../../src/engine/connect.ts";
import { observeHost } from "../../src/host.ts";
import { docker } from "../../tools/engine_state.ts";
import { makeWorld, RUN_ID } from "./support/world.ts";

Deno.test("eight clients that make the shared network at once end up with one", async () => {
  await using world = await makeWorld("egress");
  const engine = await connectEngine({ host: { ...observeHost(), stateDir: world.state } });
  const name = `sandcage-${RUN_ID}-egress`;
  try {
    await Promise.all(
      Array.from({ length: 8 }, () => applyResources([{ kind: "egress", name }], engine)),
    );
    const ids = await docker(["network", "ls", "--quiet", "--filter", `name=^${name}$`]);
    assert.equal(ids.split("\n").length, 1);
  } finally {
    await docker(["network", "rm", name]);
  }
});
