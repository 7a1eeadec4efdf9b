/** The walls of a cage are green as they are, and verify leaves nothing behind. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { LABEL } from "../../src/names.ts";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { formatMatrix, MATRIX } from "../../tools/matrix.ts";
import { makeWorld } from "./support/world.ts";

Deno.test("sandcage verify proves a cage and says so to people and programs", async (t) => {
  await using world = await makeWorld("verify", { network: 'mode = "allowlist"' });
  await t.step("all of it, as docs/boundary-matrix.md says", async () => {
    const result = await world.sandcage(["verify", "--markdown"], {
      timeoutMs: 400_000,
      // A name that no image holds, so that it can be told whether it is inside.
      env: { USER: "ottilie" },
    });
    assert.equal(result.code, 0, result.stderr + result.stdout);
    const page = await Deno.readTextFile(MATRIX);
    assert.equal(await formatMatrix(result.stdout), page, "run: deno task matrix");
  });
  await t.step("for programs", async () => {
    const result = await world.sandcage(["verify", "--json", "--suite", "config"]);
    const told = JSON.parse(result.stdout);
    assert.deepEqual([result.code, told.proved, told.service], [0, true, "shell"]);
  });
  await t.step("one case, for people", async () => {
    const result = await world.sandcage(["verify", "--case", "c01"]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^\[PASS\] C01 [^\n]+ \([^\n]+\)\n$/);
  });
  await t.step("doctor tries what takes seconds, and builds nothing for it", async () => {
    const result = await world.sandcage(["doctor", "--json"]);
    assert.match(findWalls(result.stdout), /^ok \d\d ways out tried, none open/);
    await world.configure('packages = ["sl"]');
    const other = await world.sandcage(["doctor", "--json"]);
    assert.match(findWalls(other.stdout), /^ok not tried, there is no image yet/);
  });
  await t.step("wrong words", async () => {
    for (
      const [args, message] of [
        [["--case", "Z99"], /no case Z99/],
        [["--suite", "nets"], /no suite "nets"/],
        [["--json", "--sarif"], /Only one of --json and --sarif/],
      ] as const
    ) {
      const result = await world.sandcage(["verify", ...args]);
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr, message);
    }
  });
  assert.deepEqual(await listContainers(world.root), []);
});

Deno.test("a killed verify leaves nothing that the next one does not remove", async () => {
  await using world = await makeWorld("verifykill");
  const child = world.spawn(["verify", "--suite", "workspace,container"]);
  const scratch = join(world.state, "verify", "workspace");
  const findCages = async () => {
    const entries = await Array.fromAsync(Deno.readDir(scratch)).catch(() => []);
    const dir = entries.find(({ isDirectory }) => isDirectory);
    if (dir === undefined) return [];
    const cages = join(scratch, dir.name, "home", ".sandcage", "cages");
    return (await Array.fromAsync(Deno.readDir(cages)).catch(() => [])).map(({ name }) => name);
  };
  const [cage] = await waitFor("the cage of its own", async () => {
    const found = await findCages();
    return found.length > 0 ? found : undefined;
  }, { timeoutMs: 120_000 });
  await child.end("SIGKILL");
  const next = await world.sandcage(["verify", "--case", "X05"], { timeoutMs: 120_000 });
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(scratch)), []);
  const left = await Promise.all(
    [["ps", "-aq"], ["volume", "ls", "-q"]].map((list) =>
      docker([...list, "--filter", `label=${LABEL.cage}=${cage}`])
    ),
  );
  assert.deepEqual(left, ["", ""]);
  assert.deepEqual(await listContainers(world.root), []);
});

/** Status and detail of a check of doctor's. */
function findWalls(json: string): string {
  const checks = JSON.parse(json) as { name: string; status: string; detail: string }[];
  const walls = checks.find(({ name }) => name === "walls");
  return `${walls?.status} ${walls?.detail}`;
}
