import assert from "node:assert/strict";
import { UserError } from "../../../src/errors.ts";
import {
  listSecrets,
  readSecrets,
  removeSecret,
  setSecret,
  storePath,
} from "../../../src/secrets/store.ts";
import { makeTempDir } from "../cli/support.ts";

Deno.test("the store keeps what was set, and only the user can read it", async () => {
  await using dir = await makeTempDir();
  const state = `${dir.path}/state`;
  assert.deepEqual(await listSecrets(state), []);
  await setSecret(state, { name: "B", value: "second secret" });
  await setSecret(state, { name: "A", value: "first secret" });
  await setSecret(state, { name: "B", value: "another value" });
  assert.deepEqual(await listSecrets(state), ["A", "B"]);
  assert.equal((await readSecrets(state)).get("B"), "another value");
  assert.deepEqual(await removeSecret(state, "A"), true);
  assert.deepEqual(await removeSecret(state, "A"), false);
  assert.deepEqual(await listSecrets(state), ["B"]);
  const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
  assert.equal(await modeOf(storePath(state)), 0o600);
  assert.equal(await modeOf(`${state}/secrets`), 0o700);
  const left = (await Array.fromAsync(Deno.readDir(`${state}/secrets`))).map(({ name }) => name);
  assert.deepEqual(left.sort(), ["store.json", "store.lock"]);
});

Deno.test("a store that others could read is closed to them, and the user is told", async () => {
  await using dir = await makeTempDir();
  await setSecret(dir.path, { name: "A", value: "first secret" });
  await Deno.chmod(storePath(dir.path), 0o644);
  await Deno.chmod(`${dir.path}/secrets`, 0o755);
  const repaired: string[] = [];
  const values = await readSecrets(dir.path, { onRepair: (path) => repaired.push(path) });
  assert.equal(values.get("A"), "first secret");
  assert.deepEqual(repaired, [`${dir.path}/secrets`, storePath(dir.path)]);
  assert.equal((await Deno.stat(storePath(dir.path))).mode! & 0o777, 0o600);
  await readSecrets(dir.path, { onRepair: () => assert.fail("it is closed by now") });
});

Deno.test("two who store at once lose nothing", async () => {
  await using dir = await makeTempDir();
  const names = Array.from({ length: 12 }, (_, index) => `KEY_${index}`).sort();
  await Promise.all(names.map((name) => setSecret(dir.path, { name, value: `value of ${name}` })));
  assert.deepEqual(await listSecrets(dir.path), names);
});

for (
  const text of [
    "",
    "{",
    "[]",
    "null",
    '{"schema":2,"secrets":{}}',
    '{"schema":1,"secrets":{"A":7}}',
  ]
) {
  Deno.test(`a damaged store is an error and stays as it is: ${text}`, async () => {
    await using dir = await makeTempDir();
    await Deno.mkdir(`${dir.path}/secrets`);
    await Deno.writeTextFile(storePath(dir.path), text);
    const isError = (error: unknown) => error instanceof UserError && error.exit === 3;
    await assert.rejects(readSecrets(dir.path), isError);
    await assert.rejects(setSecret(dir.path, { name: "A", value: "new value" }), isError);
    assert.equal(await Deno.readTextFile(storePath(dir.path)), text);
  });
}
