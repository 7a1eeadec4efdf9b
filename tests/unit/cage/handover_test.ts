import assert from "node:assert/strict";
import { formatHandover, isHandoverNeeded } from "../../../src/cage/handover.ts";
import { INSIDE } from "../../../src/names.ts";

/** Runs the script with the inside paths moved to `dir`, as the container's shell would. */
async function runScript(script: string, dir: string): Promise<void> {
  const child = new Deno.Command("sh", { stdin: "piped", stdout: "null", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script.replaceAll(INSIDE.session, dir)));
  await writer.close();
  const { code, stderr } = await child.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

Deno.test("formatHandover() carries any value byte for byte and marks the end last", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const secrets = new Map([
      ["A", "plain"],
      ["B", "quotes ' \" and $HOME `id` \\ and\nnewline ünïcode"],
      ["EMPTY", ""],
    ]);
    await runScript(formatHandover({ secrets, setup: ["echo 'hi'", "npm ci"] }), dir);
    const pairs = (await Deno.readTextFile(`${dir}/env`)).split("\0").slice(0, -1);
    assert.deepEqual(pairs, [...secrets].map(([name, value]) => `${name}=${value}`));
    assert.equal(await Deno.readTextFile(`${dir}/setup`), "set -e\necho 'hi'\nnpm ci\n");
    assert.equal((await Deno.stat(`${dir}/env`)).mode! & 0o777, 0o600);
    assert.equal((await Deno.stat(`${dir}/ready`)).size, 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("formatHandover() writes no file for what is not there", () => {
  assert.equal(
    formatHandover({ secrets: new Map(), setup: [] }),
    `umask 077\n: > ${INSIDE.sessionReady}\n`,
  );
});

Deno.test("isHandoverNeeded() asks for one only when there is something to hand over", () => {
  assert.equal(isHandoverNeeded({ secrets: new Map(), setup: [] }), false);
  assert.equal(isHandoverNeeded({ secrets: new Map([["A", "1"]]), setup: [] }), true);
  assert.equal(isHandoverNeeded({ secrets: new Map(), setup: ["true"] }), true);
});
