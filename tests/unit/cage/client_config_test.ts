import assert from "node:assert/strict";
import { planClientEnv } from "../../../src/cage/client_config.ts";

Deno.test("planClientEnv() moves the detach keys where the engine is spoken to by its socket", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    const env = await planClientEnv(stateDir, "unix:///run/docker.sock");
    assert.deepEqual(env, {
      DOCKER_CONFIG: `${stateDir}/docker-client`,
      DOCKER_HOST: "unix:///run/docker.sock",
    });
    const config = JSON.parse(await Deno.readTextFile(`${stateDir}/docker-client/config.json`));
    assert.doesNotMatch(config.detachKeys, /ctrl-[pq]/);
    assert.deepEqual(await planClientEnv(stateDir, "unix:///run/docker.sock"), env);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

for (const url of [undefined, "tcp://10.0.0.1:2376", "ssh://build"]) {
  Deno.test(`planClientEnv() leaves the user's client as it is for ${url}`, async () => {
    assert.deepEqual(await planClientEnv("/nonexistent", url), {});
  });
}
