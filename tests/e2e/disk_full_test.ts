import assert from "node:assert/strict";
import { findBase } from "./support/base_image.ts";
import { startSecondEngine } from "./support/second_engine.ts";
import { makeWorld } from "./support/world.ts";

Deno.test("a disk that fills up during a build is named, with the way out and the log", async () => {
  await using world = await makeWorld("full", {
    config: '[image]\ndockerfile = "Dockerfile"\n',
  });
  // On this engine first: the base that the other one cannot build without a network.
  await Deno.writeTextFile(`${world.state}/Dockerfile`, "FROM sandcage/base\n");
  const built = await world.sandcage(["build", "shell"]);
  assert.equal(built.code, 0, built.stderr);
  await using engine = await startSecondEngine(world.root, 900);
  await engine.take(await findBase(world));
  const env = { DOCKER_HOST: engine.url };
  using filler = await Deno.open(`${world.state}/filler`, { create: true, write: true });
  await filler.truncate(1_200_000_000);
  await Deno.writeTextFile(
    `${world.state}/Dockerfile`,
    "FROM sandcage/base\nCOPY filler /filler\n",
  );
  const full = await world.sandcage(["build", "shell"], { env });
  assert.equal(full.code, 4, full.stderr);
  assert.match(full.stderr, /The engine's disk is full: cannot build sandcage\/tools/);
  assert.match(full.stderr, /sandcage reset --images.*Log: .*\.log/);
});
