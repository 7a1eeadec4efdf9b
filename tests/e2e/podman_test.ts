/** Podman, nested in a container and asked by docker's client: what runs, what holds, what is told. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startNestedEngine } from "./support/nested_engine.ts";
import { readProfileCommand } from "./support/podman_profile.ts";
import { assertHeld, makeVerifyImages, verifyOn } from "./support/verified.ts";
import { makeWorld, type World, type WorldOptions } from "./support/world.ts";

/** Cases of what an engine makes of networks. */
const NETWORK = ["N01", "N02", "N03", "N16", "N17", "N21", "N31", "N32", "N33"];

Deno.test("Podman behind docker's API runs sessions and holds every wall", async (t) => {
  await using engine = await startNestedEngine("podman");
  const env = { DOCKER_HOST: engine.host };
  const allowlist = { network: 'mode = "allowlist"' };
  {
    await using world = await makeWorld("podmanimages", allowlist);
    // Whether it sees this machine's files is proved without any image, too.
    const { status } = await findCheck("local", world, env);
    assert.equal(status, "ok");
    assert.equal(await engine.docker(["image", "ls", "--all", "--quiet"]), "", "images are left");
    await engine.take(await makeVerifyImages(world));
  }
  const step = (name: string, options: WorldOptions, test: (world: World) => Promise<void>) =>
    t.step(name, async () => {
      await using world = await makeWorld("podman", options);
      await test(world);
      assert.equal(await engine.docker(["ps", "--all", "--quiet"]), "", "containers are left");
    });

  await step("doctor knows what it is", {}, async (world) => {
    const { status, detail } = await findCheck("engine", world, env);
    assert.deepEqual([status, detail], ["ok", `Podman ${engine.version} at ${engine.host}`]);
  });
  await step("open: the project is there, nothing is built", {}, async (world) => {
    await world.write("note", "from the host\n");
    const script = "cat note; echo mine > mine; exit 7";
    const result = await world.sandcage(["shell", "--", "sh", "-c", script], { env });
    assert.equal(result.code, 7, result.stderr);
    assert.equal(result.stdout, "from the host\n");
    assert.equal(await world.read("mine"), "mine\n");
    assert.doesNotMatch(result.stderr, /build/i);
  });
  await step("what is hidden is not there", {
    config: '[workspace]\nhide = ["secrets", ".env"]\n',
  }, async (world) => {
    await Deno.mkdir(join(world.project, "secrets"));
    await world.write("secrets/key", "the key\n");
    await world.write(".env", "TOKEN=x\n");
    const script = "cat .env; ls -A secrets; touch secrets/x || echo refused";
    const result = await world.sandcage(["shell", "--", "sh", "-c", script], { env });
    assert.equal(result.stdout, "refused\n", result.stderr);
  });
  await step("no name is read as an option of a mount", {
    config: '[workspace]\nhide = ["*.pem"]\n',
  }, async (world) => {
    // Of a file that hides `key.pem`, Podman would make a mount of `/etc`.
    await Deno.mkdir(join(world.project, "x,src=", "etc"), { recursive: true });
    await world.write("x,src=/etc/key.pem", "");
    const result = await world.sandcage(["shell", "--", "true"], { env });
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /Podman takes part of it for options/);
  });
  await step("an image of one's own is built by its builder", {}, async (world) => {
    const file = join(world.project, "Own.Dockerfile");
    await Deno.writeTextFile(file, "FROM sandcage/base\nRUN echo built > /built\n");
    await world.configure(`[image]\ndockerfile = "${file}"\n`);
    const result = await world.sandcage(["shell", "--", "cat", "/built"], { env });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "built\n");
  });
  await step("as it comes: user namespaces and keyrings are open, and that is told", {
    ...allowlist,
  }, async (world) => {
    const report = await verifyOn(world, { env, args: ["--case", "C01,C02"] });
    const doors = ["user namespace", "keyctl"].flatMap((door) =>
      ["the agent", "root inside"].map((who) => `${door} is open to ${who} (ok)`)
    );
    assert.deepEqual(report.cases.map(({ id, verdict, evidence }) => [id, verdict, ...evidence]), [
      ["C01", "pass"],
      ["C02", "fail", ...doors],
    ]);
  });
  // Every other case is the host's or the gateway's own affair: `deno task test:long`.
  await step("with the profile of docs/engine.md its walls hold", allowlist, async (world) => {
    await engine.shell(await readProfileCommand());
    for (const args of [["--suite", "container"], ["--case", [...NETWORK, "W06"].join(",")]]) {
      const report = await verifyOn(world, { env, args });
      assert.deepEqual([report.engine.flavor, report.engine.version], ["podman", engine.version]);
      assertHeld(report);
    }
  });
});

/** One of what `sandcage doctor` tells. */
async function findCheck(
  name: string,
  world: World,
  env: Record<string, string>,
): Promise<{ status: string; detail: string }> {
  const result = await world.sandcage(["doctor", "--json"], { env });
  const checks = JSON.parse(result.stdout) as { name: string; status: string; detail: string }[];
  return checks.find((check) => check.name === name)!;
}
