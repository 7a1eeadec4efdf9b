import assert from "node:assert/strict";
import { join } from "node:path";
import { observeHost } from "../../../../src/host.ts";
import { CONFIG_CASES } from "../../../../src/verify/config/cases.ts";
import {
  COMMAND_FILES,
  ENGINE_FILES,
  NETWORK_FILES,
  NEVER_FILES,
} from "../../../../src/verify/config/hostile.ts";
import { findFileRefusal, openConfigSuite } from "../../../../src/verify/config/suite.ts";

Deno.test("projects get nothing that nobody gave them, and nothing is left on the machine", async () => {
  const stateDir = await Deno.makeTempDir({ prefix: "sandcage-unit-" });
  try {
    {
      await using suite = await openConfigSuite({ ...observeHost(), stateDir });
      for (const { id } of CONFIG_CASES) {
        const found = await suite.check(id);
        assert.ok("held" in found);
        assert.deepEqual([found.held, found.control, found.evidence], [true, true, []], id);
      }
    }
    assert.deepEqual([...Deno.readDirSync(join(stateDir, "verify", "config"))], []);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

for (
  const [files, codes] of [
    [ENGINE_FILES, ["config-invalid", "not-trusted", "project-refused"]],
    [NEVER_FILES, ["config-invalid"]],
    [COMMAND_FILES, ["not-trusted"]],
    [NETWORK_FILES, ["not-trusted"]],
  ] as const
) {
  for (const [what, text] of files) {
    Deno.test(`${what} is refused for what it asks, not for how it is written`, async () => {
      const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "sandcage-unit-" }));
      try {
        const [home, project] = [join(root, "home"), join(root, "project")];
        const stateDir = join(home, ".sandcage");
        await Deno.mkdir(stateDir, { recursive: true });
        await Deno.mkdir(project);
        await Deno.writeTextFile(join(stateDir, "config.toml"), '[network]\nmode = "allowlist"\n');
        const host = { ...observeHost(), home, stateDir, cwd: project };
        const refusal = await findFileRefusal(text, { host, project });
        assert.ok(
          codes.some((code) => code === refusal?.code),
          `${refusal?.code}: ${refusal?.message}`,
        );
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    });
  }
}
