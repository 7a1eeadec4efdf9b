/** `create`, killed at any moment: the next one, or `destroy`, finds nothing in its way. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pause } from "../../src/pause.ts";
import { docker } from "../../tools/engine_state.ts";
import { makeWorld } from "../e2e/support/world.ts";

/** How often; of the 300 of a soak these are 60 more. */
const KILLS = Math.ceil(Number(Deno.env.get("SANDCAGE_SOAK_KILLS") ?? 15) / 5);

const FILES = 1500;

/** Volumes and containers of the cages of a name, labelled or not. */
async function listObjects(name: string): Promise<string[]> {
  const [volumes, containers] = await Promise.all([
    docker(["volume", "ls", "--format", "{{.Name}}"]),
    docker(["ps", "--all", "--format", "{{.Names}}"]),
  ]);
  const pattern = new RegExp(`(^|-)${name}-[0-9a-f]{6}(-|$)`);
  return `${volumes}\n${containers}`.split("\n").filter((line) => pattern.test(line));
}

Deno.test(`${KILLS} creates, killed at random moments, leave nothing half-made`, async () => {
  await using world = await makeWorld("copychaos", { network: 'mode = "none"' });
  const name = `chaos${world.root.slice(-6).toLowerCase().replace(/[^a-z0-9]/g, "x")}`;
  await Deno.mkdir(join(world.project, "many"));
  for (let at = 0; at < FILES; at++) await world.write(`many/${at}.txt`, `${at}\n`.repeat(200));
  const args = ["create", "--name", name, "--service", "shell", "--no-attach"];
  const must = async (words: readonly string[], what: string) => {
    const result = await world.sandcage(words, { timeoutMs: 400_000 });
    assert.equal(result.code, 0, `${what}: ${result.stderr}`);
    return result.stdout;
  };
  // How long one takes whose images are there: what is killed later is not killed at all.
  await must(args, "the first create");
  await must(["destroy", name, "-y"], "its end");
  const startMs = performance.now();
  await must(args, "the second create");
  const wholeMs = performance.now() - startMs;
  await must(["destroy", name, "-y"], "its end");
  for (let round = 0; round < KILLS; round++) {
    const delayMs = Math.round(Math.random() * wholeMs);
    const what = `round ${round}, killed after ${delayMs} ms`;
    const child = world.spawn(args);
    await pause(delayMs);
    const code = await child.end("SIGKILL");
    if (round % 3 === 0) {
      // It may have been killed before there was anything to destroy.
      const destroyed = await world.sandcage(["destroy", name, "-y"], { timeoutMs: 400_000 });
      assert.ok([0, 2].includes(destroyed.code), `${what}: ${destroyed.stderr}`);
    } else {
      if (code === 0) await must(["destroy", name, "-y"], what);
      await must(args, what);
      const look = ["shell", "--name", name, "--", "sh", "-c"];
      const line = "ls many | wc -l; git status --porcelain; git fsck --strict";
      assert.equal(await must([...look, line], what), `${FILES}\n?? many/\n`, what);
      await must(["destroy", name, "-y"], what);
    }
    assert.deepEqual(await listObjects(name), [], what);
    const cages = await Array.fromAsync(Deno.readDir(join(world.state, "cages")));
    // A directory without a record goes with the next create.
    const left = cages.map((cage) => cage.name);
    for (const id of left) {
      const names = (await Array.fromAsync(Deno.readDir(join(world.state, "cages", id))))
        .map((entry) => entry.name);
      assert.ok(!names.includes("cage.json"), `${what}: ${id} has ${names.join(" ")}`);
    }
  }
});
