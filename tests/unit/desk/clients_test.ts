import assert from "node:assert/strict";
import { join } from "node:path";
import { cageDir } from "../../../src/cage/store.ts";
import { findGoneClients, forgetClient, openDeskClient } from "../../../src/desk/clients.ts";

Deno.test("a terminal is gone when its lock is, and not while it is attached or has left", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    const find = () => findGoneClients(stateDir, "api-1a2b3c");
    assert.deepEqual(await find(), []);
    const program = `
      import { openDeskClient } from ${JSON.stringify(MODULE)};
      const { id } = await openDeskClient(${JSON.stringify(stateDir)}, "api-1a2b3c");
      console.log(id);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    `;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", program],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const id = new TextDecoder().decode(value).trim();
    await using _mine = await openDeskClient(stateDir, "api-1a2b3c");
    assert.deepEqual(await find(), [], "both are attached");
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assert.deepEqual(await find(), [id]);
    await forgetClient(stateDir, { cageId: "api-1a2b3c", id });
    assert.deepEqual(await find(), []);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

Deno.test("a terminal that is just being put on record is not gone", async () => {
  const stateDir = await Deno.makeTempDir();
  try {
    await using mine = await openDeskClient(stateDir, "api-1a2b3c");
    const dir = join(cageDir(stateDir, "api-1a2b3c"), "held", "clients");
    // Made and not locked yet, as it is seen in between.
    await Deno.writeTextFile(join(dir, "0".repeat(mine.id.length)), "");
    assert.deepEqual(await findGoneClients(stateDir, "api-1a2b3c"), []);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

const MODULE = new URL("../../../src/desk/clients.ts", import.meta.url).href;
