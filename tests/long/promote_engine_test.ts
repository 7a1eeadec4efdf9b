/** Promotion from another engine: by its socket, and when it dies and comes back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { LABEL } from "../../src/names.ts";
import { docker } from "../../tools/engine_state.ts";
import {
  arrives,
  commit,
  git,
  makePromoteWorld,
  must,
  start,
  status,
} from "../e2e/support/promote_world.ts";
import { waitFor } from "../e2e/support/files.ts";
import { type SecondEngine, startSecondEngine } from "../e2e/support/second_engine.ts";
import type { World } from "../e2e/support/world.ts";

/** Room on the engine's disk, which lies in memory. */
const DISK_MIB = 1500;

/** Makes the images on the machine's engine, whose recipes are the same, and carries them over. */
async function takeImages(world: World, engine: SecondEngine): Promise<void> {
  await start(world);
  const { id } = await status(world);
  const session = world.spawn(["shell", "--", "sleep", "100"]);
  const filter = ["--filter", `label=${LABEL.cage}=${id}`];
  const images = await waitFor("courier, desk and session", async () => {
    const listed = await docker(["ps", ...filter, "--format", "{{.Image}}"]);
    const found = [...new Set(listed.trim().split("\n"))];
    return found.length === 3 ? found : undefined;
  });
  await must(world.sandcage(["clear"]));
  await session.ended;
  await engine.take(...images);
}

/** A shell in what runs on the other engine, as the agent. */
async function openFar(world: World, engine: SecondEngine) {
  const { id } = await status(world);
  const far = async (args: readonly string[]): Promise<string> => {
    const result = await run("docker", ["--host", engine.url, ...args], { timeoutMs: 60_000 });
    assert.equal(result.code, 0, result.stderr);
    return result.stdout.trim();
  };
  const filters = [`label=${LABEL.cage}=${id}`, `label=${LABEL.role}=agent`, "status=running"];
  const found = await far(["ps", "-q", ...filters.flatMap((filter) => ["--filter", filter])]);
  const container = found.split("\n")[0]!;
  return (line: string) =>
    far(["exec", "--workdir", "/work/project", container, "sh", "-ec", line]);
}

Deno.test("another engine: commits land from there, also when it died in between", async (t) => {
  await using world = await makePromoteWorld("promfar");
  await using engine = await startSecondEngine(world.root, DISK_MIB);
  await takeImages(world, engine);
  world.env.DOCKER_HOST = engine.url;
  await start(world);

  await t.step("by its socket in DOCKER_HOST", async () => {
    const inside = await openFar(world, engine);
    await inside(commit("far.txt"));
    await arrives(world, "far.txt");
    assert.equal(await git(world, "log -1 --format=%an"), "Test User\n");
    // The disk of this engine lies in a directory of ours, whose name is told inside.
    const proved = await world.sandcage(["start", "--selftest"]);
    const failed = proved.stdout.split("\n").filter((line) => line.startsWith("FAILED"));
    assert.deepEqual(failed, ["FAILED  nothing names you, your paths or the tool: sandcage"]);
  });

  await t.step("from this machine's engine it is told apart, and nothing lands", async () => {
    const env = { DOCKER_HOST: "unix:///var/run/docker.sock" };
    const told = JSON.parse((await world.sandcage(["status", "--json"], { env })).stdout);
    assert.equal(told.state, "failed");
    assert.match(told.text, /is on unix:.*engine-run\/s, this is unix:\/\/\/var\/run/);
    const refused = await world.sandcage(["promote", "--once"], { env });
    assert.equal(refused.code, 5, refused.stderr);
  });

  await t.step("it dies: said, and what was committed lands when it is back", async () => {
    const inside = await openFar(world, engine);
    // The process that looks is kept from being faster.
    const { id } = await status(world);
    const record = join(world.state, "cages", id, "held", "promote.json");
    const { pid } = JSON.parse(await Deno.readTextFile(record));
    Deno.kill(pid, "SIGSTOP");
    await inside(commit("before.txt"));
    await engine.crash();
    Deno.kill(pid, "SIGCONT");
    const before = await git(world, "rev-parse HEAD");
    const away = await world.sandcage(["promote", "--once"]);
    assert.equal(away.code, 4, away.stderr);
    assert.match(away.stderr, /Cannot reach/);
    assert.equal(await git(world, "rev-parse HEAD"), before);
    await engine.restart();
    await arrives(world, "before.txt");
    await start(world);
    const again = await openFar(world, engine);
    await again(commit("after.txt"));
    await arrives(world, "after.txt");
  });

  await t.step("reset takes its refs along, and those of no other cage", async () => {
    await git(world, "update-ref refs/sandcage/another-1/in/main HEAD");
    await must(world.sandcage(["stop"]));
    assert.match(await git(world, "for-each-ref"), /refs\/sandcage\/(?!another)/);
    await must(world.sandcage(["reset", "--work", "--yes"]));
    assert.equal(
      await git(world, "for-each-ref --format=%(refname) refs/sandcage"),
      "refs/sandcage/another-1/in/main\n",
    );
    assert.equal(await git(world, "status --porcelain"), "");
  });
});
