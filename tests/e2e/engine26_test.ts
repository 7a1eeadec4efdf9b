/**
 * An engine of another generation, nested in a container of this one: the same sessions, and the
 * same conformance cases of the network.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { docker } from "../../tools/engine_state.ts";
import type { Inside } from "../../tools/inside.ts";
import { makeCaged } from "./support/caged.ts";
import { lookInside } from "./support/inside.ts";
import { INTERNET_IMAGE, startInternet } from "./support/internet/internet.ts";
import { type NestedEngine, startNestedEngine } from "./support/nested_engine.ts";
import { REPOSITORY } from "./support/sandcage.ts";
import { makeWorld, RUN_ID, RUN_ROOT, type World, type WorldOptions } from "./support/world.ts";

/** Tests that run once more against it, as they are. */
const AGAIN = ["gateway_network_test.ts", "gateway_dns_test.ts", "gateway_proxy_test.ts"];
const AGAIN_MS = 300_000;

Deno.test("an engine of another generation runs sessions and holds their network", async (t) => {
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
  await takeImages(engine);

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
  await t.step("allowlist: the cases of the network, of names and of proxies", async () => {
    const files = AGAIN.map((file) => join(REPOSITORY, "tests", "e2e", file));
    const again = await run(Deno.execPath(), ["test", "-A", "--no-check", "--parallel", ...files], {
      env: { ...env, SANDCAGE_E2E_RUN: RUN_ID, SANDCAGE_E2E_ROOT: RUN_ROOT, NO_COLOR: "1" },
      timeoutMs: AGAIN_MS,
    });
    assert.equal(again.code, 0, `${again.stdout}\n${again.stderr}`);
    assert.match(again.stdout, /\| 3 passed \(\d+ steps\) \| 0 failed/);
    assert.equal(await engine.docker(["ps", "--all", "--quiet"]), "", "containers are left");
  });
});

/** Images of all worlds here: built by the machine's engine, whose recipes are the same. */
async function takeImages(engine: NestedEngine): Promise<void> {
  await using plain = await makeWorld("nested-images");
  await using internet = await startInternet();
  await using caged = await makeCaged("nested-images", internet);
  const images = new Set([INTERNET_IMAGE]);
  for (const world of [plain, caged]) {
    const built = await world.sandcage(["build", "shell"], { timeoutMs: 600_000 });
    assert.equal(built.code, 0, built.stderr);
    const { stdout } = await world.sandcage(["config", "show", "--compose"]);
    for (
      const [, image] of stdout.matchAll(/^\s*image: "?(sandcage\/(?:shell|gateway):[\w.-]+)/gm)
    ) {
      images.add(image!);
    }
  }
  await engine.take([...images]);
}

/** What holds an agent, without what differs from session to session. */
function wallsOf({ uid, gid, status, writable, limits, sockets, interfaces }: Inside): object {
  const kept = ["CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"];
  const walls = Object.fromEntries(kept.map((name) => [name, status.get(name)]));
  return { uid, gid, walls, writable: [...writable], limits, sockets, interfaces };
}
