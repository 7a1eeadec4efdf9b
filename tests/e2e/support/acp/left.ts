import assert from "node:assert/strict";
import { join } from "node:path";
import { listSessions } from "../../../../src/cage/sessions.ts";
import { listContainers } from "../../../../tools/engine_state.ts";
import { waitFor } from "../files.ts";
import type { World } from "../world.ts";

/** No container, no session on record, no process that was started for the world. */
export async function assertNothingLeft(world: World): Promise<void> {
  assert.deepEqual(await listContainers(world.root), []);
  assert.deepEqual(await listSessions(world.state), []);
  // Every client of the engine has the world's folder in its command line.
  await waitFor("the end of every process", async () => {
    const commands = await Promise.all(
      [...Deno.readDirSync("/proc")].map(({ name }) =>
        /^\d+$/.test(name) ? Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "") : ""
      ),
    );
    return commands.every((command) => !command.includes(world.root)) || undefined;
  });
}

/** Every file below a directory, by path. */
export async function listFiles(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    files.push(...(isDirectory ? await listFiles(path) : [path]));
  }
  return files.sort();
}
