import assert from "node:assert/strict";
import { packContext } from "../../../src/image/tar.ts";
import { run } from "../../../src/engine/process.ts";

const FILES = [
  { path: "ca/", text: "" },
  { path: "Dockerfile", text: "FROM x\n" },
  { path: "files/opt/über", text: "x".repeat(1000), mode: 0o755 },
];

Deno.test("packContext() makes what tar reads back, modes and directories included", async () => {
  const result = await run("tar", ["-tvf", "-", "--numeric-owner"], {
    stdin: packContext(FILES),
    timeoutMs: 60_000,
    env: { LC_ALL: "C.UTF-8", TZ: "UTC" },
  });
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(result.stdout.trim().split("\n").map((line) => line.replace(/\s+/g, " ")), [
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 ca/",
    "-rw-r--r-- 0/0 7 1970-01-01 00:00 Dockerfile",
    "-rwxr-xr-x 0/0 1000 1970-01-01 00:00 files/opt/über",
  ]);
});

Deno.test("packContext() gives equal bytes for equal files", () => {
  assert.deepEqual(packContext(FILES), packContext(FILES));
});

Deno.test("packContext() refuses a path that would be cut", () => {
  assert.throws(() => packContext([{ path: "x".repeat(101), text: "" }]), RangeError);
});
