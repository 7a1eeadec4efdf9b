import assert from "node:assert/strict";
import { planProgram } from "../../../src/acp/self.ts";

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

Deno.test("one from source is started by Deno, with the module it began with", () => {
  assert.deepEqual(
    planProgram({
      execPath: "/usr/bin/deno",
      mainModule: "file:///home/me/sand%20cage/dist/main.js",
      standalone: false,
    }),
    {
      command: "/usr/bin/deno",
      args: ["run", "--allow-all", "--no-prompt", "/home/me/sand cage/dist/main.js"],
    },
  );
});
