/** What only an engine of the test's own can show: a full disk, an engine that dies. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { docker } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { startSecondEngine } from "./support/second_engine.ts";
import { makeWorld, type World } from "./support/world.ts";

const NO_NETWORK = '[network]\nmode = "none"\n';

/** The image a session of the shell would run in. */
async function shellImage(world: World): Promise<string> {
  const built = await world.sandcage(["build", "shell"]);
  assert.equal(built.code, 0, built.stderr);
  const shown = await world.sandcage(["config", "show", "--compose"]);
  const document = parse(shown.stdout) as { services: { shell: { image: string } } };
  return document.services.shell.image;
}

Deno.test("an engine that dies under a session is told from the agent's own exit", async () => {
  await using world = await makeWorld("dies", { config: NO_NETWORK });
  const image = await shellImage(world);
  await using engine = await startSecondEngine(world.root);
  await engine.take(image);
  const env = { DOCKER_HOST: engine.url };

  const own = await world.sandcage(["shell", "--", "sh", "-c", "exit 255"], { env });
  assert.equal(own.code, 255, own.stderr);

  const child = world.spawn(["shell", "--", "sleep", "300"], { env });
  await waitFor("the session", async () => {
    return (await engine.docker(["ps", "--quiet"])) !== "" || undefined;
  });
  await engine.kill();
  const { code, stderr } = await child.ended;
  assert.equal(code, 4, stderr);
  assert.match(stderr, /sandcage: Cannot (reach|connect)/i);

  await engine.start();
  const next = await world.sandcage(["shell", "--", "true"], { env });
  assert.equal(next.code, 0, next.stderr);
  assert.equal(await engine.docker(["ps", "--all", "--quiet"]), "");
});

Deno.test("a disk that fills up during a build is named, and the next build works", async () => {
  await using world = await makeWorld("full");
  await shellImage(world);
  const bases = await docker([
    "image",
    "ls",
    "sandcage/base",
    "--format",
    "{{.Repository}}:{{.Tag}}",
  ]);
  await using engine = await startSecondEngine(world.root, { dataMiB: 2048 });
  for (const base of bases.split("\n")) await engine.take(base);
  const config = 'home = "project"\n[image]\ndockerfile = "Dockerfile"\n';
  await Deno.writeTextFile(`${world.state}/config.toml`, config);
  const env = { DOCKER_HOST: engine.url };

  const fill = "FROM sandcage/base\nRUN dd if=/dev/zero of=/filler bs=1M count=4096\n";
  await Deno.writeTextFile(`${world.state}/Dockerfile`, fill);
  const full = await world.sandcage(["build", "shell"], { env });
  assert.equal(full.code, 1, full.stderr);
  assert.match(full.stderr, /disk|space/i);
  assert.match(full.stderr, /No space left on device/);

  await Deno.writeTextFile(`${world.state}/Dockerfile`, "FROM sandcage/base\nRUN true\n");
  const next = await world.sandcage(["build", "shell"], { env });
  assert.equal(next.code, 0, next.stderr);
});
