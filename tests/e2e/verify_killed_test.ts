/** A verify that is killed leaves what the next one removes: sessions, processes, volumes, files. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { SuiteName } from "../../src/verify/case.ts";
import { LABEL } from "../../src/names.ts";
import { docker, listContainers } from "../../tools/engine_state.ts";
import { exists, waitFor } from "./support/files.ts";
import { makeWorld } from "./support/world.ts";

/** Building images and a loaded machine, in milliseconds. */
const SLOW_MS = 200_000;

for (
  const [suite, home, isUnderWay] of [
    // What lands commits is a process of its own.
    ["promotion", "home", (cage: string) => exists(join(cage, "held", "promote.json"))],
    ["acp", "home", hasSession],
    ["workspace", "mounted", hasSession],
  ] as const satisfies readonly (readonly [
    SuiteName,
    home: string,
    (cage: string) => Promise<boolean>,
  ])[]
) {
  Deno.test(`a verify of ${suite} that is killed leaves nothing that the next one does not remove`, async () => {
    await using world = await makeWorld(`killed-${suite}`);
    const scratch = join(world.state, "verify", suite);
    const child = world.spawn(["verify", "--suite", suite]);
    const id = await waitFor("a cage of its own", async () => {
      for (const dir of await listNames(scratch)) {
        const cages = join(scratch, dir, home, ".sandcage", "cages");
        for (const cage of await listNames(cages)) {
          if (await isUnderWay(join(cages, cage))) return cage;
        }
      }
    }, { timeoutMs: SLOW_MS });
    await child.end("SIGKILL");
    const next = await world.sandcage(["verify", "--case", "X05"], { timeoutMs: SLOW_MS });
    assert.equal(next.code, 0, next.stderr);
    assert.deepEqual(await listNames(scratch), []);
    const left = await Promise.all(
      [["ps", "-aq"], ["volume", "ls", "-q"]].map((list) =>
        docker([...list, "--filter", `label=${LABEL.cage}=${id}`])
      ),
    );
    assert.deepEqual(left, ["", ""]);
    await waitFor("the end of every process", async () => {
      const commands = await Promise.all(
        [...Deno.readDirSync("/proc")].map(({ name }) =>
          /^\d+$/.test(name) ? Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "") : ""
        ),
      );
      return commands.every((command) => !command.includes(scratch)) || undefined;
    });
    assert.deepEqual(await listContainers(world.root), []);
  });
}

async function hasSession(cage: string): Promise<boolean> {
  return (await listNames(join(cage, "sessions"))).length > 0;
}

async function listNames(dir: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => []);
  return entries.filter(({ name }) => !name.endsWith(".lock")).map(({ name }) => name);
}
