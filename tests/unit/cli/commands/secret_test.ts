import assert from "node:assert/strict";
import {
  listKnown,
  runSecretList,
  runSecretRemove,
  runSecretSet,
  type ValuePorts,
} from "../../../../src/cli/commands/secret.ts";
import { readSecrets } from "../../../../src/secrets/store.ts";
import { makeSandbox, recordIo, type Sandbox } from "../../config/support.ts";

const SECRET = "correct-horse-battery";

function piped(text: string): ValuePorts {
  return {
    show: () => assert.fail("nobody is asked where a value is piped in"),
    setRaw: () => assert.fail("there is no terminal"),
    read: () => assert.fail("a pipe is read as a whole"),
    readAll: () => Promise.resolve(text),
  };
}

async function setIn(box: Sandbox, words: string[], ports: ValuePorts) {
  const io = recordIo();
  const exit = await runSecretSet({ words }, { host: box.host, io, ports });
  return { ...io, exit };
}

Deno.test("secret set stores what is piped in and never shows it", async () => {
  await using box = await makeSandbox();
  const { exit, said, printed } = await setIn(box, ["ANTHROPIC_API_KEY"], piped(`${SECRET}\n`));
  assert.deepEqual([exit, printed], [0, []]);
  assert.deepEqual(said, [
    "Stored ANTHROPIC_API_KEY",
    "To use ANTHROPIC_API_KEY, write into the configuration: secrets: { ANTHROPIC_API_KEY: {} }",
  ]);
  assert.equal((await readSecrets(box.host.stateDir)).get("ANTHROPIC_API_KEY"), SECRET);
  const mine = await setIn(box, ["MINE"], piped(SECRET));
  assert.match(mine.said[1]!, /secrets: \{ MINE: \{ to: \[HOST\] \} \}$/);
});

Deno.test("secret set asks on a terminal, and says nothing of use where it is configured", async () => {
  await using box = await makeSandbox();
  await box.write(".sandcage.yml", "secrets: {GH_TOKEN: {}}\n");
  const shown: string[] = [];
  const ports: ValuePorts = {
    show: (text) => void shown.push(text),
    setRaw: () => {},
    read: () => Promise.resolve(new TextEncoder().encode(`${SECRET}\r`)),
    readAll: () => assert.fail("a terminal has no end"),
  };
  const host = { ...box.host, tty: { ...box.host.tty, stdin: true } };
  const io = recordIo();
  assert.equal(await runSecretSet({ words: ["GH_TOKEN"] }, { host, io, ports }), 0);
  assert.deepEqual(shown, ["Value of GH_TOKEN (not shown): ", "\n"]);
  assert.deepEqual(io.said, ["Stored GH_TOKEN"]);
});

for (
  const [name, words, value, message] of [
    ["a value beside the name", ["KEY", SECRET], "", /never goes on the command line/],
    ["a value behind an equals sign", [`KEY=${SECRET}`], "", /never goes on the command line/],
    ["a name that is no variable", ["MY-KEY"], SECRET, /"MY-KEY" cannot be the name/],
    ["no value", ["KEY"], "\n", /no value was given/],
    ["a value of two lines", ["KEY"], `${SECRET}\n${SECRET}\n`, /line break/],
    ["a short value", ["KEY"], "short", /shorter than 8/],
  ] as const
) {
  Deno.test(`secret set refuses ${name}, and repeats no value`, async () => {
    await using box = await makeSandbox();
    await assert.rejects(setIn(box, [...words], piped(value)), (error) => {
      assert.ok(error instanceof Error && "exit" in error && "hint" in error);
      assert.equal(error.exit, 2);
      assert.match(error.message, message);
      assert.ok(!`${error.message}${error.hint}`.includes("horse"));
      return true;
    });
    assert.equal((await readSecrets(box.host.stateDir)).size, 0);
  });
}

Deno.test("secret list shows what a project uses, what is missing, and no value", async () => {
  await using box = await makeSandbox();
  await box.write(
    ".sandcage.yml",
    "secrets:\n  ANTHROPIC_API_KEY: {}\n  HF_TOKEN: {from: store}\n" +
      "  MINE: {from: 'cmd:touch ran; echo x', to: [a.dev, b.dev]}\n",
  );
  await setIn(box, ["HF_TOKEN"], piped(SECRET));
  await setIn(box, ["SPARE"], piped(SECRET));
  const io = recordIo();
  await runSecretList({ json: false }, { host: box.host, io });
  const rows = io.printed.join("").split("\n").map((row) => row.replaceAll(/ {2,}/g, " | "));
  assert.deepEqual(rows, [
    "NAME | SOURCE | TO | STATUS",
    "ANTHROPIC_API_KEY | env | api.anthropic.com | " +
    "MISSING: ANTHROPIC_API_KEY is not set; set it, or run: sandcage secret set ANTHROPIC_API_KEY",
    "HF_TOKEN | store | huggingface.co, hf.co | ok",
    "MINE | cmd:touch ran; echo x | a.dev, b.dev | asked for at session start",
    "SPARE | store | - | stored, not used here",
    "",
  ]);
  assert.deepEqual(io.said, [
    "To use SPARE, write into the configuration: secrets: { SPARE: { to: [HOST] } }",
  ]);
  await assert.rejects(Deno.stat(`${box.project}/ran`), Deno.errors.NotFound);
  await assert.rejects(Deno.stat(`${box.host.home}/ran`), Deno.errors.NotFound);
  const json = recordIo();
  await runSecretList({ json: true }, { host: box.host, io: json });
  assert.deepEqual(
    JSON.parse(json.printed.join("")).map(({ name, status }: { name: string; status: string }) =>
      `${name} ${status}`
    ),
    ["ANTHROPIC_API_KEY missing", "HF_TOKEN ok", "MINE unchecked", "SPARE unused"],
  );
  assert.ok(!`${io.printed}${json.printed}`.includes("horse"));
});

Deno.test("secret rm removes one, and says when there is none", async () => {
  await using box = await makeSandbox();
  await setIn(box, ["KEY"], piped(SECRET));
  const io = recordIo();
  assert.equal(await runSecretRemove({ name: "KEY" }, { host: box.host, io }), 0);
  assert.deepEqual(io.said, ["Removed KEY"]);
  await assert.rejects(runSecretRemove({ name: "KEY" }, { host: box.host, io }), { exit: 1 });
});

Deno.test("listKnown() sorts by name and knows where a spare key could go", () => {
  const secret = { from: "env", to: ["a.dev"], body: false };
  const facts = { stored: ["OPENAI_API_KEY", "B"], why: new Map([["C", "gone"]]) };
  assert.deepEqual(listKnown({ C: secret, B: secret }, facts), [
    { name: "B", source: "env", to: ["a.dev"], status: "ok", why: null },
    { name: "C", source: "env", to: ["a.dev"], status: "missing", why: "gone" },
    {
      name: "OPENAI_API_KEY",
      source: null,
      to: ["api.openai.com"],
      status: "unused",
      why: null,
    },
  ]);
});
