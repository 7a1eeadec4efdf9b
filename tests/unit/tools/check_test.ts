import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { planChecks } from "../../../tools/check.ts";
import { formatFailure, TARGETS } from "../../../tools/compile.ts";
import { findDrift, generatedFiles } from "../../../tools/docs.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

Deno.test("planChecks() types every module but fixtures and parses every script", () => {
  const checks = planChecks([
    { path: "main.ts", firstLine: "" },
    { path: "tests/fixtures/broken.ts", firstLine: "" },
    { path: "install.sh", firstLine: "#!/bin/sh" },
    { path: ".ci/run", firstLine: "#!/usr/bin/env bash" },
    { path: "README.md", firstLine: "# sandcage" },
  ], "deno");
  assert.deepEqual(checks.map(({ name }) => name), [
    "format",
    "lint",
    "types",
    "doc lint",
    "generated pages",
    "syntax of install.sh",
    "syntax of .ci/run",
  ]);
  assert.deepEqual(checks[2]!.args, ["check", "--quiet", "main.ts"]);
  assert.deepEqual(checks.slice(5).map(({ command }) => command), ["sh", "bash"]);
});

Deno.test("findDrift() names what differs and what is missing", async () => {
  const dir = await Deno.makeTempDir({ prefix: "sandcage-docs-" });
  try {
    assert.deepEqual(await findDrift(dir), Object.keys(generatedFiles()));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  assert.deepEqual(await findDrift(ROOT), []);
});

Deno.test("a missing runtime is told from a program that does not compile", () => {
  const target = "x86_64-unknown-linux-gnu";
  const missing = formatFailure({
    target,
    ok: false,
    output: "\x1b[32mDownload\x1b[0m https://dl.deno.land/release/v2.9.6/denort.zip\ndns error",
  }, "2.9.6");
  assert.match(missing, /its runtime is missing/);
  assert.match(missing, /denort-x86_64-unknown-linux-gnu\.zip of Deno 2\.9\.6/);
  const broken = formatFailure({ target, ok: false, output: "error: Module not found" }, "2.9.6");
  assert.equal(broken, `Cannot compile for ${target}:\nerror: Module not found`);
});

Deno.test("there are six targets and every executable has a name of its own", () => {
  assert.equal(new Set(Object.values(TARGETS)).size, 6);
});
