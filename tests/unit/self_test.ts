import assert from "node:assert/strict";
import { planProgram } from "../../src/self.ts";

Deno.test("a compiled sandcage is started by its own path", () => {
  assert.deepEqual(
    planProgram({
      execPath: "/home/me/.local/bin/sandcage",
      mainModule: "file:///tmp/x/main.ts",
      standalone: true,
    }),
    { command: "/home/me/.local/bin/sandcage", args: [] },
  );
});

const STARTED = [
  ["file:///home/me/sand%20cage/main.ts", ["/home/me/sand cage/main.ts"]],
  ["file:///opt/dist/main.js", ["--no-config", "--no-lock", "/opt/dist/main.js"]],
] as const;

for (const [mainModule, rest] of STARTED) {
  Deno.test(`one that began with ${mainModule} is started by Deno, in the same way`, () => {
    assert.deepEqual(
      planProgram({ execPath: "/usr/bin/deno", mainModule, standalone: false }),
      {
        command: "/usr/bin/deno",
        args: ["run", "--quiet", "--allow-all", "--no-prompt", ...rest],
      },
    );
  });
}
