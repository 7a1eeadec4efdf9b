import assert from "node:assert/strict";
import { runTrust } from "../../../../src/cli/commands/trust.ts";
import { readTrust } from "../../../../src/config/trust_store.ts";
import { makeSandbox, recordIo, type Sandbox } from "../../config/support.ts";

const plain = { list: false, revoke: false, yes: false, json: false };

async function grantsOf(box: Sandbox) {
  const { projects } = await readTrust(box.host);
  return (projects[box.project]?.grants ?? []).map(({ key, shown }) => `${key}=${shown}`);
}

Deno.test("trust grants what is shown, once it is answered with yes", async () => {
  await using box = await makeSandbox();
  await box.write(".sandcage.yml", "ports: [3000]\n");
  await assert.rejects(runTrust(plain, { host: box.host, io: recordIo(false) }), { exit: 3 });
  assert.deepEqual(await grantsOf(box), []);
  await runTrust(plain, { host: box.host, io: recordIo(true) });
  assert.deepEqual(await grantsOf(box), ["ports=3000"]);
  const again = recordIo();
  await runTrust(plain, { host: box.host, io: again });
  assert.match(again.said.join(), /asks for nothing that is not allowed already/);
});

Deno.test("trust without a terminal needs --yes, and says so with the exact command", async () => {
  await using box = await makeSandbox();
  await box.write(".sandcage.yml", "ports: [3000]\n");
  const io = recordIo();
  await assert.rejects(runTrust(plain, { host: box.host, io }), {
    code: "not-trusted",
    exit: 3,
    hint: `Look at the list above, then run: sandcage trust -p ${box.project} --yes`,
  });
  assert.match(io.said.join(), /ports: 3000/);
  await runTrust({ ...plain, yes: true, json: true }, { host: box.host, io });
  assert.deepEqual(await grantsOf(box), ["ports=3000"]);
  assert.equal(JSON.parse(io.printed.join("")).length, 1);
});

Deno.test("trust --list shows every grant, --revoke takes them back, also of a lost project", async () => {
  await using box = await makeSandbox();
  await box.write(".sandcage.yml", "ports: [3000]\n");
  await runTrust({ ...plain, yes: true }, { host: box.host, io: recordIo() });
  const io = recordIo();
  await runTrust({ ...plain, list: true }, { host: box.host, io });
  assert.match(io.printed.join(""), /PROJECT +KEY +VALUE\n.*ports +3000\n/);
  await Deno.remove(box.project, { recursive: true });
  await runTrust({ ...plain, revoke: true, path: box.project }, { host: box.host, io: recordIo() });
  assert.deepEqual(await grantsOf(box), []);
});

Deno.test("trust refuses --list with --revoke", async () => {
  await using box = await makeSandbox();
  await assert.rejects(
    runTrust({ ...plain, list: true, revoke: true }, { host: box.host, io: recordIo() }),
    { exit: 2, code: "usage" },
  );
});
