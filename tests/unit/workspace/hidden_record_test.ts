import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../../../src/errors.ts";
import { checkHidden } from "../../../src/workspace/hidden_record.ts";
import { observeMatches } from "../../../src/workspace/patterns.ts";
import { makeTemp } from "../support/workspace.ts";

/** Two starts of a cage with `sub/key` in it; `between` happens in the meantime. */
async function startTwice(
  between: (project: string) => Promise<unknown>,
  patterns: { first: string[]; second?: string[]; link?: string; beside?: string },
): Promise<void> {
  await using temp = await makeTemp();
  const project = join(temp.path, "p");
  await Deno.mkdir(join(project, "sub"), { recursive: true });
  await Deno.writeTextFile(join(project, "sub/key"), "secret");
  await Deno.writeTextFile(join(project, "other"), "");
  const { link, beside } = patterns;
  if (link !== undefined) await Deno.symlink("sub/key", join(project, link));
  if (beside !== undefined) await Deno.writeTextFile(join(project, beside), "x");
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

for (
  const [what, change] of [
    ["gone", (link) => Deno.remove(link)],
    ["leads elsewhere", async (link) => {
      await Deno.remove(link);
      await Deno.symlink("other", link);
    }],
    ["a file", async (link) => {
      await Deno.remove(link);
      await Deno.writeTextFile(link, "decoy");
    }],
  ] as const satisfies readonly (readonly [string, (link: string) => Promise<unknown>])[]
) {
  Deno.test(`checkHidden() refuses when the link that hid a file is ${what}`, async () => {
    await assert.rejects(
      startTwice((p) => change(join(p, ".env")), { first: [".env"], link: ".env" }),
      /sub\/key" was hidden, and the link ".*\.env", which hid it, is another or gone/,
    );
  });
}

Deno.test("checkHidden() accepts that the user took the pattern of a link away", async () => {
  await startTwice(() => Promise.resolve(), { first: [".env"], second: [], link: ".env" });
});

Deno.test("checkHidden() needs no link to what is selected by itself", async () => {
  await startTwice((p) => Deno.remove(join(p, ".env")), { first: [".env", "key"], link: ".env" });
});

Deno.test("checkHidden() sees a rename beside a pattern that was taken away", async () => {
  await assert.rejects(
    startTwice(async (p) => {
      await Deno.rename(join(p, "sub"), join(p, "sub9"));
    }, { first: ["/a-key", "/sub/key"], second: ["/sub/key"], beside: "a-key" }),
    /sub9\/key/,
  );
});
