import assert from "node:assert/strict";
import { join } from "node:path";
import { observeMatches } from "../../../src/workspace/patterns.ts";
import { watchNewMatches } from "../../../src/workspace/rescan.ts";
import { makeTemp } from "../support/workspace.ts";

Deno.test("watchNewMatches() warns once about a path that matches later", async () => {
  await using temp = await makeTemp();
  await Deno.writeTextFile(join(temp.path, "old.pem"), "");
  const patterns = { hide: ["*.pem"], readonly: [] };
  const matches = await observeMatches(temp.path, patterns);
  const warnings: string[] = [];
  const ended = new AbortController();
  const first = Promise.withResolvers<void>();
  const watching = watchNewMatches({
    roots: [{ source: temp.path, origin: "project", directory: true, matches }],
    patterns,
    intervalMs: 1,
    signal: ended.signal,
    warn(text) {
      warnings.push(text);
      // The second warning ends the test: one of the first path again would come before it.
      if (warnings.length === 1) Deno.writeTextFileSync(join(temp.path, "b.pem"), "");
      else first.resolve();
    },
  });
  await Deno.writeTextFile(join(temp.path, "a.pem"), "");
  await first.promise;
  ended.abort();
  await watching;
  assert.deepEqual(warnings.map((text) => /\/([a-z.]+)"/.exec(text)?.[1]), ["a.pem", "b.pem"]);
});

Deno.test("watchNewMatches() returns at once without patterns", async () => {
  await watchNewMatches({
    roots: [],
    patterns: { hide: [], readonly: ["x"] },
    signal: new AbortController().signal,
    warn: () => assert.fail(),
  });
});
