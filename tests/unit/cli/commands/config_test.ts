import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  runConfigCheck,
  runConfigSchema,
  runConfigShow,
} from "../../../../src/cli/commands/config.ts";
import { makeSandbox, recordIo, type Sandbox } from "../../config/support.ts";

const plain = { origin: false, json: false, compose: false };

async function makeProject(): Promise<Sandbox> {
  const box = await makeSandbox();
  await box.write(
    ".sandcage.yml",
    "packages: [jq]\nenv: {GH_TOKEN: hunter2, A: b}\nservices: {claude: {env: {API_KEY: hunter3}}}\nsecrets: {S: {to: [a.dev]}}\n",
  );
  return box;
}

Deno.test("config show prints YAML and JSON of the same configuration, credentials masked", async () => {
  await using box = await makeProject();
  const [yaml, json] = [recordIo(), recordIo()];
  await runConfigShow(plain, { host: box.host, io: yaml });
  await runConfigShow({ ...plain, json: true }, { host: box.host, io: json });
  const shown = JSON.parse(json.printed.join(""));
  assert.deepEqual(parse(yaml.printed.join("")), shown);
  assert.deepEqual(shown.packages, ["jq"]);
  assert.deepEqual(shown.env, { GH_TOKEN: "(hidden)", A: "b" });
  assert.deepEqual(shown.services.claude.env, { API_KEY: "(hidden)" });
  assert.deepEqual(shown.secrets, { S: { from: "env", to: ["a.dev"], body: false } });
});

Deno.test("config show --origin names file and line of each value", async () => {
  await using box = await makeProject();
  const [table, json] = [recordIo(), recordIo()];
  await runConfigShow({ ...plain, origin: true }, { host: box.host, io: table });
  await runConfigShow({ ...plain, origin: true, json: true }, { host: box.host, io: json });
  const text = table.printed.join("");
  assert.match(text, /^KEY +VALUE +FROM\n/);
  assert.match(text, /packages\[0\] +"jq" +project .*\/\.sandcage\.yml:1\n/);
  assert.match(text, /network\.mode +"allowlist" +default\n/);
  assert.doesNotMatch(text, /hunter/);
  const values = JSON.parse(json.printed.join(""));
  assert.deepEqual(values.find(({ key }: { key: string }) => key === "env.GH_TOKEN"), {
    key: "env.GH_TOKEN",
    value: "(hidden)",
    layer: "project",
    file: `${box.project}/.sandcage.yml`,
    line: 2,
    column: 7,
  });
});

Deno.test("config check names the files it read and what is not allowed yet", async () => {
  await using box = await makeProject();
  const io = recordIo();
  await runConfigCheck({ path: box.project }, { host: box.host, io });
  assert.deepEqual(io.printed, []);
  assert.match(io.said.join("\n"), /\.sandcage\.yml: fine\n.*secrets\.S/s);
  const empty = recordIo();
  await Deno.remove(`${box.project}/.sandcage.yml`);
  await runConfigCheck({}, { host: box.host, io: empty });
  assert.deepEqual(empty.said, ["No configuration file; the defaults apply"]);
});

Deno.test("config check fails with exit code 3 on a broken file", async () => {
  await using box = await makeSandbox();
  await box.write(".sandcage.local.yml", "homes: project\n");
  await assert.rejects(runConfigCheck({}, { host: box.host, io: recordIo() }), {
    exit: 3,
    message: `${box.project}/.sandcage.local.yml:1:1: unknown key "homes"`,
    hint: "Did you mean home?",
  });
});

Deno.test("config schema prints a JSON Schema", async () => {
  await using box = await makeSandbox();
  const io = recordIo();
  await runConfigSchema({}, { host: box.host, io });
  assert.equal(JSON.parse(io.printed.join("")).type, "object");
});
