import assert from "node:assert/strict";
import { type Run, run } from "../../../src/engine/process.ts";
import { findValueProblem, resolveSecrets, trimLineEnd } from "../../../src/secrets/sources.ts";
import { setSecret } from "../../../src/secrets/store.ts";
import { bareHost, makeTempDir } from "../cli/support.ts";

const SECRET = "correct horse battery";

Deno.test("resolveSecrets() fetches from every source, and says what is missing and why", async () => {
  await using dir = await makeTempDir();
  const home = dir.path;
  const host = bareHost({ home, env: { SET: SECRET, EMPTY: "", SHORT: "1234567" } });
  await setSecret(dir.path, { name: "STORED", value: `${SECRET} stored` });
  await setSecret(dir.path, { name: "EMPTY", value: `${SECRET} behind` });
  await Deno.writeTextFile(`${home}/token`, `${SECRET} in a file\r\n`);
  await Deno.writeTextFile(`${home}/lines`, `${SECRET}\n${SECRET}\n`);
  await Deno.writeTextFile(`${home}/blank`, "\n");
  await Deno.mkdir(`${home}/folder`);
  const { values, missing } = await resolveSecrets({
    SET: { from: "env" },
    UNSET: { from: "env" },
    EMPTY: { from: "env" },
    SHORT: { from: "env" },
    STORED: { from: "store" },
    LOST: { from: "store" },
    PRINTED: { from: "cmd: printf '%s\\n' 'a value with $HOME'" },
    FAILED: { from: `cmd:echo ${SECRET}; echo ${SECRET} >&2; exit 3` },
    SILENT: { from: "cmd:true" },
    FILE: { from: `file:${home}/token` },
    TILDE: { from: "file:~/token" },
    LINES: { from: "file:~/lines" },
    BLANK: { from: "file:~/blank" },
    FOLDER: { from: "file:~/folder" },
    ABSENT: { from: "file:~/absent" },
  }, { host, run, stateDir: dir.path });
  assert.deepEqual(Object.fromEntries(values), {
    SET: SECRET,
    EMPTY: `${SECRET} behind`,
    STORED: `${SECRET} stored`,
    PRINTED: "a value with $HOME",
    FILE: `${SECRET} in a file`,
    TILDE: `${SECRET} in a file`,
  });
  assert.deepEqual(
    missing.map(({ name, why }) => `${name}: ${why.replaceAll(home, "~")}`),
    [
      "UNSET: UNSET is not set; set it, or run: sandcage secret set UNSET",
      "SHORT: its value is shorter than 8 characters: too short to be told from other text",
      "LOST: it is not stored; run: sandcage secret set LOST",
      "FAILED: its command failed with exit code 3",
      "SILENT: its command printed nothing",
      "LINES: its value has a line break or a NUL byte",
      "BLANK: ~/blank is empty",
      "FOLDER: ~/folder is no regular file",
      "ABSENT: there is no file ~/absent",
    ],
  );
  assert.ok(!JSON.stringify(missing).includes("horse"), "no value is in a reason");
});

Deno.test("resolveSecrets() gives a command its deadline, and a failed start a name", async () => {
  const seen: unknown[] = [];
  const slow: Run = (command, args, options) => {
    seen.push([command, args, options.timeoutMs, options.cwd]);
    return Promise.resolve({ code: 143, stdout: SECRET, stderr: "", timedOut: true });
  };
  const host = bareHost();
  const source = { A: { from: "cmd:sleep 99" } };
  const late = await resolveSecrets(source, { host, run: slow, stateDir: "/nowhere" });
  assert.deepEqual(late.missing, [{
    name: "A",
    why: "its command did not end within 30 seconds",
  }]);
  const windows = bareHost({ platform: "windows" });
  const none: Run = (command, args) => {
    seen.push([command, args]);
    return Promise.reject(new Deno.errors.NotFound(SECRET));
  };
  const failed = await resolveSecrets(source, { host: windows, run: none, stateDir: "/nowhere" });
  assert.deepEqual(failed.missing, [{ name: "A", why: "its command cannot be run: NotFound" }]);
  assert.deepEqual(seen, [
    ["/bin/sh", ["-c", "sleep 99"], 30_000, host.home],
    ["cmd", ["/d", "/s", "/c", "sleep 99"]],
  ]);
});

for (
  const [value, problem] of [
    ["12345678", undefined],
    ["1234567", /shorter than 8/],
    ["1234\n5678", /line break/],
    ["1234\r5678", /line break/],
    ["1234\x005678", /NUL/],
    ["x".repeat(64 * 1024), undefined],
    ["x".repeat(64 * 1024 + 1), /larger than 64 KiB/],
  ] as const
) {
  Deno.test(`findValueProblem() of ${JSON.stringify(value.slice(0, 12))}, ${value.length} long`, () => {
    const found = findValueProblem(value);
    if (problem === undefined) assert.equal(found, undefined);
    else assert.match(found!, problem);
  });
}

Deno.test("trimLineEnd() takes one line end and nothing else", () => {
  assert.deepEqual(["a\n", "a\r\n", "a\n\n", " a ", "\n"].map(trimLineEnd), [
    "a",
    "a",
    "a\n",
    " a ",
    "",
  ]);
});
