/** The first thing a newcomer runs: it must work, say what is true, and leave nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../src/engine/process.ts";
import { listVolumes, observeRun } from "../../tools/engine_state.ts";
import { waitFor } from "./support/files.ts";
import { REPOSITORY } from "./support/sandcage.ts";
import { RUN_ROOT } from "./support/world.ts";

Deno.test("the demo runs Claude Code in a cage, shows the file and what held", async () => {
  await using place = await makePlace();
  const result = await run(Deno.execPath(), ["run", "-A", "tools/demo.ts"], {
    cwd: REPOSITORY,
    env: place.env,
    timeoutMs: 600_000,
  });
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /Write\(.*greeting\.md\)/);
  assert.match(result.stdout, /Hello from inside the cage\./);
  assert.match(result.stdout, /which is you/);
  assert.match(result.stdout, /✓ capabilities +none/);
  assert.match(result.stdout, /✓ network +no route out/);
  assert.match(result.stderr, /blocked \d+ hosts?: .*somewhere\.example \(no-rule\)/);
  assert.doesNotMatch(result.stdout, /✗/);
  assert.deepEqual(await leftovers(place.dir), []);
});

Deno.test("Ctrl-C in the middle of the demo leaves nothing behind", async () => {
  await using place = await makePlace();
  const child = new Deno.Command("setsid", {
    args: ["--wait", Deno.execPath(), "run", "-A", "tools/demo.ts"],
    cwd: REPOSITORY,
    env: place.env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await waitFor("the cage", async () => {
    return (await observeRun(place.dir)).containers.length > 0 || undefined;
  }, { timeoutMs: 300_000 });
  await interruptGroup(place.dir);
  assert.equal((await child.status).code, 130);
  assert.deepEqual(await leftovers(place.dir), []);
});

/** A folder for temporary files, whose name finds everything the demo makes. */
async function makePlace(): Promise<
  AsyncDisposable & { dir: string; env: Record<string, string> }
> {
  await Deno.mkdir(RUN_ROOT, { recursive: true });
  const dir = await Deno.makeTempDir({ dir: RUN_ROOT, prefix: "demo-" });
  return {
    dir,
    env: { TMPDIR: dir, NO_COLOR: "1" },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

async function leftovers(dir: string): Promise<string[]> {
  const { containers, networks } = await observeRun(dir);
  // A home volume names its cage, and the cage the demo's project.
  const volumes = await listVolumes("-hello-cage-");
  return [
    ...containers,
    ...volumes,
    ...networks,
    ...Array.from(Deno.readDirSync(dir), (e) => e.name),
  ];
}

/** What a terminal does on Ctrl-C: SIGINT to every process of the demo's group. */
async function interruptGroup(dir: string): Promise<void> {
  for await (const entry of Deno.readDir("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid)) continue;
    const environ = await Deno.readTextFile(join("/proc", entry.name, "environ")).catch(() => "");
    const command = await Deno.readTextFile(join("/proc", entry.name, "cmdline")).catch(() => "");
    if (
      environ.includes(`TMPDIR=${dir}`) && command.includes("tools/demo.ts") &&
      !command.startsWith("setsid")
    ) {
      await run("kill", ["-INT", "--", `-${pid}`], { timeoutMs: 5000 });
      return;
    }
  }
  throw new Error("the demo is not running");
}
