import assert from "node:assert/strict";
import { join } from "node:path";
import { oldLog, openLog } from "../../../src/promote/log.ts";

const now = () => new Date(Date.UTC(2026, 10, 21));

Deno.test("a log grows to its bound, then is put aside; one older is kept", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = join(dir, "deep", "promote.log");
    {
      using log = await openLog(path, { now, mostBytes: 100 });
      log.say("first");
      log.say("second\nwith a line");
    }
    assert.equal(
      await Deno.readTextFile(path),
      "2026-11-21T00:00:00.000Z first\n2026-11-21T00:00:00.000Z second\n" +
        "2026-11-21T00:00:00.000Z with a line\n",
    );
    {
      using log = await openLog(path, { now, mostBytes: 100 });
      log.say("third");
      log.say("fourth");
      log.say("x".repeat(90));
    }
    assert.match(await Deno.readTextFile(oldLog(path)), /third\n.*fourth\n$/);
    assert.match(await Deno.readTextFile(path), /^\S+ x{90}\n$/);
    const names = [...Deno.readDirSync(join(dir, "deep"))].map(({ name }) => name).sort();
    assert.deepEqual(names, ["promote.log", "promote.log.1"]);
    if (Deno.build.os !== "windows") assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
