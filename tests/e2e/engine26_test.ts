/** The same sessions on an engine of another generation, nested in a container of this one. */
import assert from "node:assert/strict";
import type { Inside } from "../../tools/inside.ts";
import { docker } from "../../tools/engine_state.ts";
import { type NestedEngine, startNestedEngine } from "./support/nested_engine.ts";
import { lookInside } from "./support/inside.ts";
import { makeWorld, type World, type WorldOptions } from "./support/world.ts";

/** Images of the worlds below: built by the machine's engine, whose recipes are the same. */
async function takeImages(engine: NestedEngine, world: World): Promise<void> {
  const made = await world.sandcage(["shell", "--", "true"]);
  assert.equal(made.code, 0, made.stderr);
  const compose = await world.sandcage(["config", "show", "--compose"]);
  const images = [...compose.stdout.matchAll(/^\s*image: "?(sandcage\/[^\s"]+)/gm)]
    .map(([, image]) => image!)
    .filter((image) => /\/(shell|gateway):/.test(image));
  assert.ok(images.length > 0, compose.stdout);
  await engine.take([...new Set(images)]);
}

Deno.test("an engine of another generation runs sessions", async (t) => {
  await using engine = await startNestedEngine();
  const here = await docker(["version", "--format", "{{.Server.Version}}"]);
  assert.notEqual(engine.version.split(".")[0], here.split(".")[0], "the same generation");
  const env = { DOCKER_HOST: engine.host };
  const step = (name: string, options: WorldOptions, test: (world: World) => Promise<void>) =>
    t.step(name, async () => {
      await using world = await makeWorld("nested", options);
      await test(world);
      assert.equal(await engine.docker(["ps", "--all", "--quiet"]), "", "containers are left");
    });
  {
    await using world = await makeWorld("nested-images");
    await takeImages(engine, world);
  }

  await step("open: the project is there, what is built is not built again", {}, async (world) => {
    await world.write("note", "from the host\n");
    const result = await world.sandcage(["shell", "--", "sh", "-c", "cat note; echo mine > mine"], {
      env,
    });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "from the host\n");
    assert.equal(await world.read("mine"), "mine\n");
    assert.doesNotMatch(result.stderr, /build/i);
  });
  await step("none: no address but loopback", { network: 'mode = "none"' }, async (world) => {
    const script = "cat /proc/net/dev";
    const result = await world.sandcage(["shell", "--", "sh", "-c", script], { env });
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual([...result.stdout.matchAll(/^\s*(\w+):/gm)].map(([, name]) => name), ["lo"]);
  });
  await step("the cage is as tight as here", {}, async (world) => {
    assert.deepEqual(
      wallsOf(await lookInside(world, "shell", { env })),
      wallsOf(await lookInside(world, "shell")),
    );
  });
});

/** What holds an agent, without what differs from session to session. */
function wallsOf({ uid, gid, status, writable, limits, sockets, interfaces }: Inside): object {
  const kept = ["CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"];
  const walls = Object.fromEntries(kept.map((name) => [name, status.get(name)]));
  return { uid, gid, walls, writable: [...writable], limits, sockets, interfaces };
}
