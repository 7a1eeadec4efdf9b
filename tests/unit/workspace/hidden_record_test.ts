import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import { checkHidden } from "../../../src/workspace/hidden_record.ts";
import { observeMatches } from "../../../src/workspace/patterns.ts";
import { makeTemp } from "../support/workspace.ts";

/** Two starts of a cage with `sub/key` in it; `between` happens in the meantime. */
async function startTwice(
  between: (project: string) => Promise<unknown>,
  patterns: { first: string[]; second?: string[] },
): Promise<void> {
  await using temp = await makeTemp();
  const project = join(temp.path, "p");
  await Deno.mkdir(join(project, "sub"), { recursive: true });
  await Deno.writeTextFile(join(project, "sub/key"), "secret");
  const start = async (hide: string[]) => {
    const matches = await observeMatches(project, { hide, readonly: [] });
    await checkHidden(join(temp.path, "cage"), [{ source: project, matches }]);
  };
  await start(patterns.first);
  await between(project);
  await start(patterns.second ?? patterns.first);
}

Deno.test("checkHidden() refuses when the directory around a hidden file was renamed", async () => {
  await assert.rejects(
    startTwice((p) => Deno.rename(join(p, "sub"), join(p, "sub9")), { first: ["/sub/key"] }),
    (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.code, "mask-refused");
      assert.match(error.message, /sub\/key" was hidden, and is now ".*sub9\/key"/);
      assert.match(error.hint ?? "", /Move it back.*delete ".*hidden\.json"/);
      return true;
    },
  );
});

Deno.test("checkHidden() accepts a rename that patterns follow", async () => {
  await startTwice((p) => Deno.rename(join(p, "sub"), join(p, "sub9")), { first: ["key"] });
});

Deno.test("checkHidden() accepts a rename into a hidden directory", async () => {
  await startTwice(async (p) => {
    await Deno.mkdir(join(p, "s"));
    await Deno.rename(join(p, "sub/key"), join(p, "s/key"));
  }, { first: ["/sub/key", "s/"] });
});

Deno.test("checkHidden() accepts that a hidden file was deleted", async () => {
  await startTwice((p) => Deno.remove(join(p, "sub/key")), { first: ["key"] });
});

Deno.test("checkHidden() accepts that the user took the pattern away", async () => {
  await startTwice(() => Promise.resolve(), { first: ["key"], second: [] });
});
