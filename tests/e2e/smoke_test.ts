/** What the release workflow asks of every binary holds for the very program tested here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { findProgram, REPOSITORY } from "./support/sandcage.ts";

const SMOKE = join(REPOSITORY, "tools/smoke.sh");
const { version } = JSON.parse(Deno.readTextFileSync(join(REPOSITORY, "deno.json"))) as {
  version: string;
};

/** Runs the smoke test on an executable with the given shell lines. */
async function smoke(lines: string): Promise<{ code: number; text: string }> {
  const dir = await Deno.makeTempDir({ prefix: "sandcage-smoke-" });
  try {
    await Deno.writeTextFile(join(dir, "sandcage"), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    // A relative path, as the workflow gives it.
    const result = await new Deno.Command(SMOKE, { args: ["./sandcage", version], cwd: dir })
      .output();
    const decoder = new TextDecoder();
    return {
      code: result.code,
      text: decoder.decode(result.stdout) + decoder.decode(result.stderr),
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function runProgram(): string {
  const { deno, entry } = findProgram();
  const lock = entry.endsWith(".ts") ? "" : "--no-lock --no-config ";
  return `exec "${deno}" run --quiet -A ${lock}"${entry}" "$@"`;
}

Deno.test("the program passes the smoke test of a release", async () => {
  const { code, text } = await smoke(runProgram());
  assert.equal(code, 0, text);
  assert.match(text, /^smoke: passed$/m);
});

for (
  const [title, lines, want] of [
    ["says another version", 'echo "sandcage 0.0.0-other"', /FAILED: --version/],
    [
      "does not refuse an unknown command",
      `[ "$1" = no-such-command ] && exit 0\n${runProgram()}`,
      /FAILED: exit code 0 instead of 2/,
    ],
    [
      "accepts a broken config",
      `[ "$2" = check ] && exit 0\n${runProgram()}`,
      /FAILED: exit code 0 instead of 3/,
    ],
  ] as const
) {
  Deno.test(`the smoke test of a release fails a program that ${title}`, async () => {
    const { code, text } = await smoke(lines);
    assert.equal(code, 1);
    assert.match(text, want);
  });
}
