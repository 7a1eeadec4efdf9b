import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** Starts the program as a user would, without a terminal. */
async function sandcage(args: readonly string[], env: Record<string, string> = {}) {
  const dir = await Deno.makeTempDir({ prefix: "sandcage-main-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", MAIN, ...args],
      cwd: dir,
      env: { SANDCAGE_HOME: join(dir, "state"), NO_COLOR: "1", SANDCAGE_DEBUG: "", ...env },
    }).output();
    const text = new TextDecoder();
    return { code, out: text.decode(stdout), err: text.decode(stderr) };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (const flag of ["--version", "-V"]) {
  Deno.test(`sandcage ${flag} prints the version of deno.json`, async () => {
    assert.deepEqual(await sandcage([flag]), { code: 0, out: `${manifest.version}\n`, err: "" });
  });
}

Deno.test("sandcage -q --version, which the fast path does not take, prints the same", async () => {
  assert.deepEqual(await sandcage(["-q", "--version"]), {
    code: 0,
    out: `${manifest.version}\n`,
    err: "",
  });
});

Deno.test("a mistake ends with 2: nothing on stdout, problem and fix on stderr", async () => {
  assert.deepEqual(await sandcage(["list", "--jsn"]), {
    code: 2,
    out: "",
    err: 'sandcage: Cannot read the command line: unknown option "--jsn"\n' +
      "  Did you mean --json?\n  Run: sandcage list --help\n",
  });
});

Deno.test("with --json a mistake is one line of JSON on stderr", async () => {
  const { code, out, err } = await sandcage(["list", "--json", "extra"]);
  assert.deepEqual([code, out], [2, ""]);
  assert.deepEqual(Object.keys(JSON.parse(err)), ["code", "message", "hint"]);
});

Deno.test("SANDCAGE_DEBUG=1 adds the stack", async () => {
  const { err } = await sandcage(["list", "--jsn"], { SANDCAGE_DEBUG: "1" });
  assert.match(err, /\n {2}UserError: [^]*\n {6}at /);
});

Deno.test("a reader that goes away ends the program quietly", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", MAIN, "completions", "powershell"],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const [status, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.deepEqual([status.code, stderr], [0, ""]);
});
