import assert from "node:assert/strict";
import { join } from "node:path";
import { watchSessionMasks } from "../../../src/cage/mask_watch.ts";
import { findIdentity } from "../../../src/workspace/file_identity.ts";
import { fakeEngine } from "./support.ts";

Deno.test("an engine that does not answer ends no session; a lost mask is told all the same", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = join(dir, ".env");
    await Deno.writeTextFile(path, "");
    const { identity } = (await findIdentity(path))!;
    // It answers nothing at all: each call rejects.
    const { engine, calls } = fakeEngine(() => undefined);
    const ended = new AbortController();
    const warned: string[] = [];
    let asked = 0;
    await watchSessionMasks({
      container: "c",
      masks: [{ path, target: path, kind: "hidden", state: "mounted", identity }],
      roots: [],
      patterns: { hide: [], readonly: [] },
      attended: true,
    }, {
      engine: {
        ...engine,
        async docker(args) {
          // The first look was for nothing; now the mask is lost.
          if (args[0] === "inspect" && asked++ === 0) await Deno.remove(path);
          return await engine.docker(args);
        },
      },
      io: {
        warn(text) {
          warned.push(text);
          if (text.includes("could not be stopped")) ended.abort();
        },
      },
      signal: ended.signal,
      // The container's process is looked up from the first look on.
      nowMs: (() => {
        let now = 0;
        return () => now += 10_000;
      })(),
    });
    assert.ok(calls.includes("inspect c") && calls.includes("pause c"), calls.join("; "));
    assert.match(warned[0]!, /no longer hidden/);
    assert.match(warned[1]!, /docker rm -f c$/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
