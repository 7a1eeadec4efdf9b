/**
 * An engine of another generation, nested in a container of this one: the same sessions, and every
 * case of verify, those of the network among them. Its conformance tests run there, too, with
 * `deno task test:long`.
 */
import assert from "node:assert/strict";
import { docker } from "../../tools/engine_state.ts";
import type { Inside } from "../../tools/inside.ts";
import { lookInside } from "./support/inside.ts";
import { startNestedEngine } from "./support/nested_engine.ts";
import { assertAllHeld, makeVerifyImages, verifyOn } from "./support/verified.ts";
import { makeWorld, type World, type WorldOptions } from "./support/world.ts";

Deno.test("an engine of another generation runs sessions and holds every wall", async (t) => {
  await using engine = await startNestedEngine("docker");
  const here = await docker(["version", "--format", "{{.Server.Version}}"]);
  assert.notEqual(engine.version.split(".")[0], here.split(".")[0], "the same generation");
  const env = { DOCKER_HOST: engine.host };
  const allowlist = { network: 'mode = "allowlist"' };
  {
    await using world = await makeWorld("nestedimages", allowlist);
    await engine.take(await makeVerifyImages(world));
  }
  const step = (name: string, options: WorldOptions, test: (world: World) => Promise<void>) =>
    t.step(name, async () => {
      await using world = await makeWorld("nested", options);
      await test(world);
      assert.equal(await engine.docker(["ps", "--all", "--quiet"]), "", "containers are left");
    });

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
    const result = await world.sandcage(["shell", "--", "cat", "/proc/net/dev"], { env });
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual([...result.stdout.matchAll(/^\s*(\w+):/gm)].map(([, name]) => name), ["lo"]);
  });
  await step("the cage is as tight as here", {}, async (world) => {
    assert.deepEqual(
      wallsOf(await lookInside(world, "shell", { env })),
      wallsOf(await lookInside(world, "shell")),
    );
  });
  await step("verify: every wall holds", allowlist, async (world) => {
    const report = await verifyOn(world, { env });
    assert.deepEqual([report.engine.flavor, report.engine.version], ["docker", engine.version]);
    assertAllHeld(report);
  });
});

/** What holds an agent, without what differs from session to session. */
function wallsOf({ uid, gid, status, writable, limits, sockets, interfaces }: Inside): object {
  const kept = ["CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"];
  const walls = Object.fromEntries(kept.map((name) => [name, status.get(name)]));
  return { uid, gid, walls, writable: [...writable], limits, sockets, interfaces };
}
